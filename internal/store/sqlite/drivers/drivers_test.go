// Package drivers compares CGO-free SQLite drivers on what the store does most: committing batches
// of spans. It is a module of its own, so that the product does not depend on what it did not
// choose; see docs/adr/004-sqlite-driver.md.
package drivers

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/driver"
	_ "modernc.org/sqlite"
)

const schema = `
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000;
CREATE TABLE spans (
	seq INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, received_at INTEGER NOT NULL, resource INTEGER NOT NULL, scope INTEGER,
	service TEXT NOT NULL, trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_span_id TEXT NOT NULL, trace_state TEXT, flags INTEGER,
	name TEXT NOT NULL, kind INTEGER, start_time INTEGER NOT NULL, end_time INTEGER NOT NULL, status_code INTEGER, status_message TEXT,
	attributes TEXT, events TEXT, links TEXT, raw BLOB) STRICT;
CREATE INDEX spans_trace ON spans (trace_id);
CREATE INDEX spans_service ON spans (service, start_time);`

const insert = `INSERT INTO spans (tenant, id, received_at, resource, scope, service, trace_id, span_id, parent_span_id, trace_state, flags, name,
	kind, start_time, end_time, status_code, status_message, attributes, events, links, raw)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// Benchmark commits one batch an iteration. The store has its own benchmark beside its code.
func Benchmark(b *testing.B) {
	for _, size := range []int{500, 5000} {
		b.Run(fmt.Sprint("ncruces-native/", size), func(b *testing.B) { native(b, rows(size)) })
		b.Run(fmt.Sprint("ncruces-database-sql/", size), func(b *testing.B) { databaseSQL(b, "sqlite3", rows(size)) })
		b.Run(fmt.Sprint("modernc-database-sql/", size), func(b *testing.B) { databaseSQL(b, "sqlite", rows(size)) })
	}
}

// rows are as wide as stored spans: about 590 B, 11 attributes, ten spans a trace.
func rows(n int) [][]any {
	random := rand.New(rand.NewPCG(1, 2))
	id := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return hex.EncodeToString(b)
	}
	out, trace := make([][]any, n), ""
	for i := range out {
		if i%10 == 0 {
			trace = id(16)
		}
		start := int64(1_700_000_000_000_000_000 + i*1000)
		attributes := fmt.Sprintf(`{"http.request.method":"POST","http.route":"/pay/{order_id}","http.response.status_code":200,"url.scheme":"http",`+
			`"server.address":"payment.shop.svc.cluster.local","server.port":8004,"network.protocol.version":"1.1",`+
			`"user_agent.original":"Go-http-client/1.1 (linux; amd64)","client.address":"10.0.%d.%d","thread.id":%d,"enduser.id":"user-%d"}`,
			random.IntN(255), random.IntN(255), random.IntN(1000), random.IntN(100_000))
		out[i] = []any{
			"", id(16), start, int64(1), int64(1), fmt.Sprint("service-", i%8), trace, id(8), id(8), "", int64(0), "POST /pay/{order_id}",
			int64(2), start, start + 5_000_000, int64(0), "", attributes, nil, nil, nil,
		}
	}
	return out
}

func databaseSQL(b *testing.B, driver string, rows [][]any) {
	db, err := sql.Open(driver, "file:"+filepath.Join(b.TempDir(), "bench.db"))
	check(b, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec(schema)
	check(b, err)
	prepared, err := db.Prepare(insert)
	check(b, err)
	measure(b, len(rows), func() {
		tx, err := db.Begin()
		check(b, err)
		st := tx.Stmt(prepared)
		for _, row := range rows {
			_, err := st.Exec(row...)
			check(b, err)
		}
		check(b, tx.Commit())
	})
}

func native(b *testing.B, rows [][]any) {
	c, err := sqlite3.Open("file:" + filepath.Join(b.TempDir(), "bench.db"))
	check(b, err)
	defer c.Close()
	check(b, c.Exec(schema))
	st, _, err := c.Prepare(insert)
	check(b, err)
	defer st.Close()
	measure(b, len(rows), func() {
		check(b, c.Exec("BEGIN IMMEDIATE"))
		for _, row := range rows {
			for i, v := range row {
				switch v := v.(type) {
				case string:
					err = st.BindText(i+1, v)
				case int64:
					err = st.BindInt64(i+1, v)
				default:
					err = st.BindNull(i + 1)
				}
				check(b, err)
			}
			check(b, st.Exec())
		}
		check(b, c.Exec("COMMIT"))
	})
}

// measure reports CPU time too: on a shared machine it says more than the rate.
func measure(b *testing.B, rows int, commit func()) {
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		commit()
	}
	total := float64(rows) * float64(b.N)
	b.ReportMetric(total/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/total, "cpu-µs/row")
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func check(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}
