package rca_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// Section 3: what is only said after an earlier error is explained by that error.
func TestSection3Aftermath(t *testing.T) {
	const aborted = "current transaction is aborted, commands ignored until end of transaction block"
	request := func(name string, first func(*rcatest.Span)) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			entry := tr.Span("admin", "GET /users", server, 0, 50).Answered(500).Threw(49, "psycopg.errors.InFailedSqlTransaction", aborted, "")
			first(entry)
			entry.Query("INSERT", "admin-db", "admin", 20, 25).Failed("").Threw(25, "psycopg.errors.InFailedSqlTransaction", aborted, "")
			return tr
		}
	}
	for _, e := range []expectation{
		{
			name: "a statement that the store refused",
			trace: request("refused", func(s *rcatest.Span) {
				s.Query("SELECT", "admin-db", "admin", 1, 9).Failed("").Threw(9, "psycopg.errors.UndefinedColumn", `column "nickname" does not exist`, "")
			}),
			roots: []verdict{{incident.KindCode, "admin", "admin", incident.CategoryDatabaseError}},
		},
		{
			name: "a lock that was waited for",
			trace: request("lock", func(s *rcatest.Span) {
				s.Query("UPDATE", "admin-db", "admin", 1, 9).Failed("").Threw(9, "psycopg.errors.DeadlockDetected", "deadlock detected", "")
			}),
			roots: []verdict{{incident.KindDependency, "admin", "admin-db", incident.CategoryDatabaseLock}},
		},
		{
			name:  "nothing that was recorded",
			trace: request("alone", func(*rcatest.Span) {}),
			roots: []verdict{{incident.KindCode, "admin", "admin", incident.CategoryDatabaseError}},
		},
	} {
		e.run(t)
	}
	refused := request("refused", func(s *rcatest.Span) {
		s.Query("SELECT", "admin-db", "admin", 1, 9).Failed("").Threw(9, "psycopg.errors.UndefinedColumn", `column "nickname" does not exist`, "")
	})()
	assert.Contains(t, report(t, refused).RootCause.Statement, "nickname")
}

// Section 5: a client that closes a connection because its deadline has passed tells only of the connection.
func TestSection5ClosedByDeadline(t *testing.T) {
	request := func(name string, called, gaveUp int) func() *rcatest.Trace {
		return func() *rcatest.Trace {
			tr := rcatest.New(name)
			entry := tr.Span("otp", "POST /otp", server, 0, 5030).Answered(500).Threw(gaveUp, "AxiosError", "timeout of 5000ms exceeded", "")
			entry.Call("POST", 2, called).With("server.address", "sms.example").Failed("socket hang up")
			return tr
		}
	}
	for _, e := range []expectation{
		{name: "at once", trace: request("at once", 5004, 5006), roots: []verdict{{incident.KindDependency, "otp", "sms.example", incident.CategoryTimeout}}},
		{name: "a little later", trace: request("later", 5004, 5029), roots: []verdict{{incident.KindDependency, "otp", "sms.example", incident.CategoryTimeout}}},
		{name: "long after the call", trace: request("long", 1000, 5029), roots: []verdict{{incident.KindDependency, "otp", "sms.example", incident.CategoryDependencyUnavailable}}},
	} {
		e.run(t)
	}
}
