"""The batch lane: Faust fed in partition batches, one Kafka transaction a batch, state in RocksDB with a changelog."""
