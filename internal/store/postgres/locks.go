package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Keys of the advisory locks that replicas take, all in this file so that no two mean the same
// ("psn" and a number). Locks that a transaction holds end with it, so they work through a
// connection pooler in transaction mode.
const (
	// lockFailures orders appends and new failures. An append takes it shared from its update of
	// failures to its commit; whoever has inserted failures takes it exclusively before it looks at
	// what came meanwhile and commits. So an append either sees the failure, or is seen.
	lockFailures int64 = 0x70736e01
	// lockPartitions is held by whoever makes or drops partitions.
	lockPartitions int64 = 0x70736e02 //nolint:unused // the functions of the schema take it
	// lockRetention is held by the one replica that drops what is too old.
	lockRetention int64 = 0x70736e03
	// lockMigration is held by the one replica that migrates the schema.
	lockMigration int64 = 0x70736e04
	// lockAppends is held shared by an append from its first statement, before it writes anything,
	// to its commit: it tells the sweep which of the transactions under way may still bring error
	// signals. Nobody takes it exclusively.
	lockAppends int64 = 0x70736e05
	// lockSweep is held by the one replica that looks for orphans.
	lockSweep int64 = 0x70736e06
	// lockIdentities is held shared by whoever places failures in incidents, and exclusively by
	// whoever merges or splits incidents, which moves the links of failures nobody has claimed.
	lockIdentities int64 = 0x70736e07
	// lockMinutes is held by the one replica that counts the last minutes.
	lockMinutes int64 = 0x70736e0a
	// lockSpend is held by whoever draws on the agents' budgets.
	lockSpend int64 = 0x70736e09
)

// lockSignatures is the class of the locks under which incidents are looked up by root signature
// and opened, one per bucket of (tenant, signature); they are taken in the order of buckets, after
// lockIdentities and before any row.
const lockSignatures int32 = 0x70736e08

// takeLock takes an advisory lock for the rest of the transaction.
func takeLock(ctx context.Context, tx pgx.Tx, key int64) error {
	_, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", key)
	return err
}
