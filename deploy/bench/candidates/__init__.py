"""Four programs around one pure core, the reconcile stage. Each is a process that says on standard output how far it is (`progress`)."""
