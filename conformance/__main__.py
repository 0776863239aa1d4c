"""`python -m conformance` is `work-conformance`."""

from conformance.cli import main

if __name__ == "__main__":
    main(prog_name="work-conformance")
