package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

const (
	writerPragmas = `
		PRAGMA busy_timeout = 10000;
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = FULL;
		PRAGMA wal_autocheckpoint = 4000;
		PRAGMA journal_size_limit = 67108864;
		PRAGMA cache_size = -65536;
		PRAGMA temp_store = MEMORY;`
	readerPragmas = `
		PRAGMA busy_timeout = 10000;
		PRAGMA query_only = ON;
		PRAGMA cache_size = -16384;`
)

// maxStatements bounds the statements a connection keeps prepared.
const maxStatements = 512

// conn is one connection with its prepared statements. It is used by one goroutine at a time.
type conn struct {
	raw        *sqlite3.Conn
	statements map[string]*sqlite3.Stmt
}

func openConn(path, pragmas string) (*conn, error) {
	raw, err := sqlite3.Open(fileURI(path, path))
	if err != nil {
		return nil, err
	}
	c := &conn{raw: raw, statements: map[string]*sqlite3.Stmt{}}
	if err := errors.Join(raw.Exec(pragmas), registerFunctions(raw)); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// fileURI names the file; what SQLite creates beside it gets the mode of the file modeOf.
func fileURI(path, modeOf string) string {
	mode := strings.ReplaceAll(url.QueryEscape(modeOf), "+", "%20") // SQLite does not know the plus
	u := url.URL{Scheme: "file", Path: path, OmitHost: true, RawQuery: "modeof=" + mode}
	return u.String()
}

func (c *conn) close() error {
	if c == nil {
		return nil
	}
	c.forget()
	return c.raw.Close()
}

// forget finalises all prepared statements.
func (c *conn) forget() {
	for _, st := range c.statements {
		_ = st.Close()
	}
	clear(c.statements)
}

// prepare returns the statement of sql, prepared once. A statement whose rows are being read
// must not be used again by the callback that reads them.
func (c *conn) prepare(sql string) (*sqlite3.Stmt, error) {
	if st, ok := c.statements[sql]; ok {
		return st, nil
	}
	if len(c.statements) >= maxStatements {
		for key, st := range c.statements {
			if !st.Busy() {
				_ = st.Close()
				delete(c.statements, key)
			}
		}
	}
	st, _, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", sql, err)
	}
	c.statements[sql] = st
	return st, nil
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(sql string, args ...any) (int64, error) {
	st, err := c.prepare(sql)
	if err != nil {
		return 0, err
	}
	if err := bindAll(st, args); err != nil {
		return 0, err
	}
	if err := st.Exec(); err != nil {
		return 0, fmt.Errorf("%w (%s)", err, head(sql))
	}
	return c.raw.Changes(), nil
}

// query calls scan with each row.
func (c *conn) query(sql string, scan func(*row) error, args ...any) error {
	st, err := c.prepare(sql)
	if err != nil {
		return err
	}
	if err := bindAll(st, args); err != nil {
		return err
	}
	defer func() { _ = st.Reset() }()
	for st.Step() {
		if err := scan(&row{st: st}); err != nil {
			return err
		}
	}
	if err := st.Err(); err != nil {
		return fmt.Errorf("%w (%s)", err, head(sql))
	}
	return nil
}

// number returns the first column of the first row, 0 where there is none.
func (c *conn) number(sql string, args ...any) (n int64, err error) {
	err = c.query(sql, func(r *row) error {
		n = r.int()
		return nil
	}, args...)
	return n, err
}

// head is the beginning of a statement, for errors.
func head(sql string) string {
	const most = 80
	if len(sql) > most {
		return sql[:most] + "…"
	}
	return sql
}

func bindAll(st *sqlite3.Stmt, args []any) error {
	b := binder{st: st}
	for _, arg := range args {
		b.any(arg)
	}
	return b.err
}

// binder sets a statement's parameters one after the other.
type binder struct {
	st  *sqlite3.Stmt
	n   int
	err error
}

func (b *binder) text(s string)  { b.n++; b.keep(b.st.BindText(b.n, s)) }
func (b *binder) int(i int64)    { b.n++; b.keep(b.st.BindInt64(b.n, i)) }
func (b *binder) null()          { b.n++; b.keep(b.st.BindNull(b.n)) }
func (b *binder) blob(p []byte)  { b.n++; b.keep(b.st.BindBlob(b.n, p)) }    // NULL where nil
func (b *binder) json(p []byte)  { b.n++; b.keep(b.st.BindRawText(b.n, p)) } // NULL where nil
func (b *binder) real(f float64) { b.n++; b.keep(b.st.BindFloat(b.n, f)) }

func (b *binder) bool(v bool) {
	if v {
		b.int(1)
	} else {
		b.int(0)
	}
}

func (b *binder) keep(err error) {
	if b.err == nil && err != nil {
		b.err = fmt.Errorf("bind parameter %d: %w", b.n, err)
	}
}

func (b *binder) any(arg any) {
	switch v := arg.(type) {
	case nil:
		b.null()
	case string:
		b.text(v)
	case int64:
		b.int(v)
	case int:
		b.int(int64(v))
	case bool:
		b.bool(v)
	case []byte:
		b.blob(v)
	case time.Time:
		b.int(nanosOf(v))
	case signal.Nanos:
		b.int(saturate(v))
	default:
		switch r := reflect.ValueOf(arg); r.Kind() {
		case reflect.String:
			b.text(r.String())
		case reflect.Int32:
			b.int(r.Int())
		default:
			b.n++
			b.keep(fmt.Errorf("no column type for %T", arg))
		}
	}
}

// row reads a row's columns one after the other.
type row struct {
	st *sqlite3.Stmt
	n  int
}

func (r *row) next() int           { r.n++; return r.n - 1 }
func (r *row) text() string        { return r.st.ColumnText(r.next()) }
func (r *row) int() int64          { return r.st.ColumnInt64(r.next()) }
func (r *row) count() int          { return int(r.int()) }
func (r *row) bool() bool          { return r.int() != 0 }
func (r *row) nanos() signal.Nanos { return signal.Nanos(max(0, r.int())) }
func (r *row) raw() []byte         { return r.st.ColumnRawBlob(r.next()) } // valid until the next row
func (r *row) uint32() uint32      { return uint32(r.int()) }              //nolint:gosec // written from one
func (r *row) int32() int32        { return int32(r.int()) }               //nolint:gosec // written from one
func (r *row) isNull() bool        { return r.st.ColumnType(r.n) == sqlite3.NULL }
func (r *row) time() (t time.Time) { return timeOf(r.int()) }
func (r *row) skip()               { r.n++ }

// nanosOf saturates: event times may be anything.
func nanosOf(t time.Time) int64 {
	switch {
	case t.IsZero() || t.Year() < 1970:
		return 0
	case t.Year() > 2261:
		return maxTime
	default:
		return t.UnixNano()
	}
}

// untilOf is nanosOf for the end of a window, which a zero time leaves open.
func untilOf(t time.Time) int64 {
	if t.IsZero() {
		return maxTime
	}
	return nanosOf(t)
}

// maxTime stands for every later time as well; the record's raw column has the exact one.
const maxTime = 1<<63 - 1

func saturate(n signal.Nanos) int64 {
	if n > maxTime {
		return maxTime
	}
	return int64(n)
}

// timeOf is the zero time for 0.
func timeOf(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func (c *conn) begin(ctx context.Context, how string) error {
	c.raw.SetInterrupt(ctx)
	return c.raw.Exec(how)
}

// end commits, or rolls back after an error; neither is interrupted.
func (c *conn) end(err error) error {
	c.raw.SetInterrupt(context.Background())
	if err == nil {
		if err = c.raw.Exec("COMMIT"); err == nil {
			return nil
		}
	}
	if !c.raw.GetAutocommit() {
		if failed := c.raw.Exec("ROLLBACK"); failed != nil {
			return errors.Join(err, failed)
		}
	}
	return err
}
