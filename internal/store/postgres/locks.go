package postgres

// Keys of the advisory locks that replicas take, all in this file so that no two mean the same
// ("psn" and a number). Locks that a transaction holds end with it, so they work through a
// connection pooler in transaction mode.
const (
	// lockFailures orders appends and new failures. An append takes it shared from its update of
	// failures to its commit; whoever inserts failures takes it exclusively from before it looks
	// at what is stored to its commit. So an append either sees the failure, or is seen.
	lockFailures int64 = 0x70736e01
	// lockPartitions is held by whoever makes or drops partitions.
	lockPartitions int64 = 0x70736e02
	// lockRetention is held by the one replica that drops what is too old.
	lockRetention int64 = 0x70736e03
	// lockMigration is held by the one replica that migrates the schema.
	lockMigration int64 = 0x70736e04
)
