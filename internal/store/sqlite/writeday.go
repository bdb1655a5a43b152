package sqlite

import (
	"crypto/sha256"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// writeDay is what the writer knows of the day it appends to.
type writeDay struct {
	name                                         string
	spanSQL, logSQL, pointSQL, errSQL, changeSQL string
	resources, scopes                            map[string]int64 // row by tenant and digest
}

// maxShared bounds how many resources and scopes are remembered.
const maxShared = 10_000

func (s *Store) openDay(c *conn, name string) (*writeDay, error) {
	if err := s.ensureDays(c, name, nextDay(name)); err != nil {
		return nil, err
	}
	return &writeDay{
		name:      name,
		spanSQL:   insertSQL(kindSpans, name, 28),
		logSQL:    insertSQL(kindLogs, name, 21),
		pointSQL:  insertSQL(kindPoints, name, 23),
		errSQL:    insertSQL(kindErrorSignals, name, 9),
		changeSQL: insertSQL(kindChanges, name, 11),
		resources: map[string]int64{}, scopes: map[string]int64{},
	}, nil
}

func insertSQL(k kind, day string, columns int) string {
	return "INSERT INTO " + string(k) + "_" + day + " VALUES (" + strings.Repeat("?, ", columns-1) + "?)"
}

// resource returns the row of a resource, stored once a day.
func (w *appending) resource(r *signal.Resource) (int64, error) {
	if id, ok := w.resourceIDs[r]; ok {
		return id, nil
	}
	v := record.ResourceOf(r)
	id, err := w.shared(w.resources, kindResources, v.Digest(),
		"attributes, dropped_attributes, schema_url, entities", func(b *binder) {
			b.json(v.Attributes)
			b.int(int64(v.DroppedAttributes))
			b.text(v.SchemaURL)
			b.json(v.Entities)
		})
	w.resourceIDs[r] = id
	return id, err
}

// scope returns the row of a scope, stored once a day.
func (w *appending) scope(s *signal.Scope) (int64, error) {
	if id, ok := w.scopeIDs[s]; ok {
		return id, nil
	}
	v := record.ScopeOf(s)
	id, err := w.shared(w.scopes, kindScopes, v.Digest(),
		"name, version, attributes, dropped_attributes, schema_url", func(b *binder) {
			b.text(v.Name)
			b.text(v.Version)
			b.json(v.Attributes)
			b.int(int64(v.DroppedAttributes))
			b.text(v.SchemaURL)
		})
	w.scopeIDs[s] = id
	return id, err
}

// shared returns the row of a resource or scope; 0 where the database refuses it.
func (w *appending) shared(known map[string]int64, k kind, digest [sha256.Size]byte, columns string, bind func(*binder)) (int64, error) {
	key := w.tenant + "\x00" + string(digest[:])
	if id, ok := known[key]; ok {
		return id, nil
	}
	table := string(k) + "_" + w.name
	id, err := w.number("SELECT id FROM "+table+" WHERE tenant = ? AND digest = ?", w.tenant, digest[:])
	if err != nil {
		return 0, err
	}
	if id == 0 {
		id = w.nextSeq()
		marks := strings.Repeat(", ?", strings.Count(columns, ",")+1)
		st, err := w.prepare("INSERT INTO " + table + " (id, tenant, digest, " + columns + ") VALUES (?, ?, ?" + marks + ")")
		if err != nil {
			return 0, err
		}
		b := &binder{st: st}
		b.int(id)
		b.text(w.tenant)
		b.blob(digest[:])
		bind(b)
		err = execBound(st, b)
		switch {
		case w.refuses(err):
			return 0, nil
		case err != nil:
			return 0, err
		}
	}
	if len(known) >= maxShared {
		clear(known)
	}
	known[key] = id
	return id, nil
}

func execBound(st *sqlite3.Stmt, b *binder) error {
	if b.err != nil {
		return b.err
	}
	return st.Exec()
}
