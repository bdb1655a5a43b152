package vocabulary

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Codes are looked up before types, types before words; see README.md.
func TestReadOrder(t *testing.T) {
	for name, c := range map[string]struct {
		record Record
		want   string // the row that wins, "" where none does
	}{
		"a store's code before the words that its message quotes": {
			Record{Codes: []Code{{System: "postgresql", Code: "23505", IsStores: true}}, Text: "Key (name)=(connection refused) already exists."},
			"sqlstate.statement"},
		"a store's code before the exception that a driver throws for it": {
			Record{Codes: []Code{{System: "mysql", Code: "1213", IsStores: true}}, Exceptions: []Exception{{"pymysql.err.ProgrammingError", "x"}}},
			"mysql.lock"},
		"a code that says little leaves it to the words": {
			Record{Codes: []Code{{System: "postgresql", Code: "99999", IsStores: true}}, Text: "deadlock detected"}, "databases.lock"},
		"an unknown code of a store leaves it to the words": {
			Record{Codes: []Code{{System: "mysql", Code: "1999", IsStores: true}}, Text: "Lock wait timeout exceeded"}, "mysql.lock"},
		"a status of HTTP leaves it to the words": {
			Record{Codes: []Code{{System: "http", Code: "500"}}, Text: "dial tcp 10.0.0.3:80: connect: connection refused"}, "network.refused"},
		"a type before the words of its message": {
			Record{Exceptions: []Exception{{"java.lang.NumberFormatException", `For input string: "connection refused"`}},
				Text: `java.lang.NumberFormatException: For input string: "connection refused"`}, "java.data"},
		"a type in a text before the words after it": {
			Record{Text: `java.lang.NumberFormatException: For input string: "connection refused"`}, "java.data"},
		"the words of a message before a type that says little": {
			Record{Exceptions: []Exception{{"redis.clients.jedis.exceptions.JedisConnectionException", "Could not get a resource from the pool"}},
				Text: "Could not get a resource from the pool"}, "pools.exhausted"},
		"the cause of a type that says little": {
			Record{Exceptions: []Exception{{"org.springframework.transaction.CannotCreateTransactionException", "Could not open JPA EntityManager for transaction"},
				{"java.sql.SQLTransientConnectionException", "HikariPool-1 - Connection is not available, request timed out after 30000ms"}},
				Text: "Could not open JPA EntityManager for transaction\nHikariPool-1 - Connection is not available, request timed out after 30000ms"}, "java-pools.hikari"},
		"a type that says little where its message says nothing": {
			Record{Exceptions: []Exception{{"redis.clients.jedis.exceptions.JedisConnectionException", "x"}}, Text: "x"}, "java-redis.unavailable"},
		"a type with words before the type": {
			Record{Exceptions: []Exception{{"TypeError", "fetch failed"}}, Text: "TypeError: fetch failed"}, "network.fetch"},
		"a type with words that count with what it derives from": {
			Record{Exceptions: []Exception{{"redis.exceptions.BusyLoadingError", "Too many connections"}}, Text: "Too many connections"}, "python-redis.pool_exhausted"},
		"words that stand in others": {
			Record{Text: `connection to server at "stock-db", port 5432 failed: FATAL: password authentication failed for user "shop"`}, "postgresql.login"},
		"what a wrapper's words wrap, told by a type with words": {
			Record{Exceptions: []Exception{{"org.springframework.jdbc.CannotGetJdbcConnectionException", "Failed to obtain JDBC Connection"}, {"java.sql.SQLTransientConnectionException", "HikariPool-1 - Connection is not available, request timed out after 30000ms."}},
				Text: "Failed to obtain JDBC Connection; nested exception is java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms."}, "java-pools.hikari"},
		"the cause of an exception says more": {
			Record{Exceptions: []Exception{{"TypeError", "x is not a function"}, {"java.net.UnknownHostException", "stock"}}}, "java.host"},
		"a class of one's own is no class of a client": {
			Record{Exceptions: []Exception{{"shop.errors.MyConnectionError", "order is closed"}}, Text: "shop.errors.MyConnectionError: order is closed"}, ""},
		"a class name in a sentence": {Record{Text: "will be retried on a ConnectTimeoutException as configured"}, ""},
		"a class name in a frame":    {Record{Text: "\tat java.net.ConnectException.<init>(ConnectException.java:10)"}, ""},
		"a word within a class name": {Record{Text: "ThreadPoolTimeoutPolicy applied"}, ""},
		"a wording within a longer one": {
			Record{Text: "upstream timed out (110: Connection timed out) while reading response header from upstream"}, "http.proxy_timeout"},
		"words that say what a code means with them": {
			Record{Codes: []Code{{System: "grpc", Code: "RESOURCE_EXHAUSTED"}}, Text: "8 RESOURCE_EXHAUSTED: Received message larger than max (5242893 vs 4194304)"}, "grpc.message_size"},
		"the same code without them": {
			Record{Codes: []Code{{System: "grpc", Code: "RESOURCE_EXHAUSTED"}}, Text: "8 RESOURCE_EXHAUSTED: Quota exceeded"}, "grpc.exhausted"},
		"words that say what a store's code means with them": {
			Record{Codes: []Code{{System: "sqlstate", Code: "57014", IsStores: true}}, Text: "ERROR: canceling statement due to user request"}, "postgresql.statement_cancelled"},
		"a wording that another system means otherwise": {Record{System: "redis", Text: "Connection is closed."}, "redis.closed"},
		"the same without the system":                   {Record{Text: "Connection is closed."}, ""},
		"a system that shares another's codes":          {Record{Codes: []Code{{System: "mariadb", Code: "1213", IsStores: true}}}, "mysql.lock"},
		"a code in fewer digits":                        {Record{Codes: []Code{{System: "oracle.db", Code: "ORA-60", IsStores: true}}}, "oracle.lock"},
		"a database that has no codes here":             {Record{Codes: []Code{{System: "cockroachdb", Code: "40001", IsStores: true}}}, "sqlstate.conflict"},
		"a success":                                     {Record{Codes: []Code{{System: "trino", Code: "200", IsStores: true}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := Read(c.record)
			if c.want == "" {
				assert.Empty(t, found)
				return
			}
			require.NotEmpty(t, found)
			assert.Equal(t, c.want, found[0].ID)
		})
	}
}

// Names that agree: the type says what happened, the words to whom.
func TestReadLendsNames(t *testing.T) {
	m := Read(Record{Exceptions: []Exception{{"java.net.UnknownHostException", "stock"}}, Text: `dial tcp: lookup stock on 10.0.0.10:53: no such host`})
	require.NotEmpty(t, m)
	assert.Equal(t, "stock", m[0].Names["host"])

	m = Read(Record{Text: `Get "http://stock:8080/items": context deadline exceeded`})
	require.NotEmpty(t, m)
	assert.Equal(t, "timing.timed_out", m[0].ID)
	assert.Equal(t, map[string]string{"url": "http://stock:8080/items", "host": "stock", "port": "8080"}, m[0].Names)

	m = Read(Record{Text: "failed to connect to `user=shop database=shop`: 10.0.0.7:5432 (stock-db): dial error: dial tcp 10.0.0.7:5432: connect: connection refused"})
	require.NotEmpty(t, m)
	assert.Equal(t, "stock-db", m[0].Names["host"], "the name, not its address")
	assert.Equal(t, "shop", m[0].Names["database"])

	m = Read(Record{Text: "connection refused, see https://docs.example/errors#connection"})
	require.NotEmpty(t, m)
	assert.Empty(t, m[0].Names["host"], "a link names nobody")
}

// A long text is read in part, and quickly whatever it holds.
func TestReadIsBounded(t *testing.T) {
	assert.Empty(t, Read(Record{Text: strings.Repeat("x ", maxText) + "connection refused"}))
	begun := time.Now() //nolint:forbidigo // of the test, not the engine
	for _, part := range []string{"connect ECONNREFUSED ", "upstream timed out (", "java.net.ConnectException: ", "Table '", "a.", "invalid type: "} {
		Read(Record{Text: strings.Repeat(part, maxText/len(part))})
	}
	assert.Less(t, time.Since(begun), 5*time.Second) //nolint:forbidigo // of the test, not the engine
}

func FuzzRead(f *testing.F) {
	for _, r := range load().rows {
		for _, e := range r.source.Examples {
			f.Add(e.Type, e.Message, e.System)
		}
	}
	f.Fuzz(func(t *testing.T, exceptionType, message, system string) {
		rec := Record{Exceptions: []Exception{{exceptionType, message}}, Text: exceptionType + ": " + message, System: system}
		found := Read(rec)
		for i := range found {
			assert.True(t, i == 0 || found[i-1].Rank < found[i].Rank, "%v", found)
		}
		assert.Equal(t, found, Read(rec))
	})
}

func TestParseWording(t *testing.T) {
	for _, c := range []struct {
		wording, text string
		want          bool
	}{
		{"pool is full", "Connection pool is full, discarding", true},
		{"pool is full", "carpool is full", false},
		{"pool is full", "pool is fully booked", false},
		{"~pool is full~", "carpool is fully booked", true},
		{"^MOVED {number} {host}:{port}", "MOVED 1 10.0.0.1:6379", true},
		{"^MOVED {number} {host}:{port}", "ReplyError: MOVED 1 10.0.0.1:6379", true},
		{"^MOVED {number} {host}:{port}", "he MOVED 1 10.0.0.1:6379", false},
		{"^:timeout$", ":timeout", true},
		{"^:timeout$", ":timeout after 5 s", false},
		{"socket closed$", "socket closed.", true},
		{"{{closed}}", "state {CLOSED}", true},
		{"took {:[0-9]+} s", "took 12 s", true},
		{"took {:[0-9]+} s", "took long s", false},
		{"a {} between", "a\nline between", false},
	} {
		w, err := parseWording(c.wording)
		require.NoError(t, err)
		w.row = &Row{}
		i := strings.Index(toLower(c.text), w.literal)
		ok := false
		if i >= 0 {
			_, ok = w.find(c.text, toLower(c.text), i)
		}
		assert.Equal(t, c.want, ok, "%s in %s", c.wording, c.text)
	}
	for _, wrong := range []string{"", "{host", "host}", "{what}", "^$", "^{code}$"} {
		_, err := parseWording(wrong)
		assert.Error(t, err, wrong)
	}
}
