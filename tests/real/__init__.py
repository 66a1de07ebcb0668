"""Does an effect of the catalog really leave the process? Each line of ``fixtures/catalog/<library>.py`` is executed.

A line runs in a fork of its own: the receivers that its function names are made (``receivers``), then `sys.addaudithook` listens and the
statement of the line runs. The first thing that would leave is noted and refused, so that nothing does: no packet, no file, no process.

    recorder   what leaves: the interpreter's audit events, bytes on a socket that is open already, and a listener for clients written in C
    receivers  how to make what a fixture's functions take as parameters, pointed at ports of this machine
    made       the same for one library each, where it is told apart
    brokers    the little that a client wants to hear before it sends: AMQP, Redis, MQTT, NATS, SMTP, FTP
    worker     the process: one fork for each line
    judge      which entry a line is about, and what is expected of it
"""
