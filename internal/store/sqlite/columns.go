package sqlite

import (
	"fmt"
	"reflect"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

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
		b.int(record.NanosOf(v))
	case signal.Nanos:
		b.int(record.Saturate(v))
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
func (r *row) time() (t time.Time) { return record.TimeOf(r.int()) }
func (r *row) skip()               { r.n++ }
