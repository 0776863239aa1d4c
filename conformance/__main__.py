"""`python -m conformance` is `work-conformance`."""

from conformance.machine.import_path import own_modules_first

if __name__ == "__main__":
    own_modules_first()
    from conformance.cli import main

    main(prog_name="work-conformance")
