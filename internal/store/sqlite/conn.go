package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/ncruces/go-sqlite3"
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
		PRAGMA cache_size = -8192;`
)

// maxStatements bounds the statements a connection keeps prepared.
const maxStatements = 512

// conn is one connection with its prepared statements. It is used by one goroutine at a time.
type conn struct {
	raw        *sqlite3.Conn
	statements map[string]*sqlite3.Stmt
	alone      bool // the only one there is
}

func openConn(path, pragmas string) (*conn, error) {
	return openURI(fileURI(path, path), pragmas)
}

// openImmutable reads a file as if nothing could change it: without its log, and without locks.
func openImmutable(path string) (*conn, error) {
	return openURI(fileURI(path, path)+"&immutable=1", readerPragmas)
}

func openURI(uri, pragmas string) (*conn, error) {
	raw, err := sqlite3.Open(uri)
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
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // a drive letter
		path = "/" + path
	}
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

func (c *conn) begin(ctx context.Context, how string) error {
	c.raw.SetInterrupt(ctx)
	return c.raw.Exec(how)
}

// abandon rolls back what was begun and never ended.
func (c *conn) abandon() {
	if !c.raw.GetAutocommit() {
		_ = c.end(errAbandoned)
	}
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
