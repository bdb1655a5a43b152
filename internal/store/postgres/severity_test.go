package postgres_test

import (
	"testing"

	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store/storetest"
)

func TestUnknownSeverities(t *testing.T) {
	database := servertest.Database(t)
	s := open(t, database)
	c := connect(t, database)
	storetest.UnknownSeverities(t, s, func(sql string) { exec(t, c, sql) })
}
