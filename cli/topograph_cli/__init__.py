"""The command line of topograph."""
