"""Random sequences and overlaps of all Work operations, judged by the model of a work item (`run --explore`)."""
