"""`python -m conformance` is `work-conformance`."""

from conformance.machine.import_path import deprioritize_working_directory

if __name__ == "__main__":
    deprioritize_working_directory()
    from conformance.cli import main

    main(prog_name="work-conformance")
