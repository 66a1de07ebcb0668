"""Executed proofs: what a fixture's `want` marks say is measured on the real frameworks, not believed.

A proof runs the expressions of the fixture's `# proof:` lines in a process of its own. The far ends are real, and small: an in-
memory broker, SMTP, HTTP and Redis servers on local ports, a temporary folder, the interpreter's audit events for files, processes,
threads and sleeps. When something arrives there, the sender's stack says which line of the fixture sent it, and the *database* says
whether a transaction is open: a row written at that moment on the fixture's own connection is looked for from a second connection.

    worker      the process: forks one child for a case and one for each run of an expression
    stage       brings a case up: settings, tables, the names that expressions may use
    transports  the far ends, and who called them
    databases   the questions to the database, and the forced rollback
    mutate      deletes an opener from a copy of the source
    judge       compares what was measured with the marks
"""
