"""`python -m topograph_cli`: the command line from a checkout that is not installed."""

from topograph_cli.app import main

if __name__ == "__main__":
    main()
