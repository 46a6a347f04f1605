"""The Avro schemas (`avsc/` is the source of truth), the topics, and the codec between them and the domain model."""
