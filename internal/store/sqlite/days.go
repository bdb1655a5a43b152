package sqlite

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

//go:embed day_tables.sql
var dayTables string

// A kind is one sort of day table.
type kind string

const (
	kindResources    kind = "resources"
	kindScopes       kind = "scopes"
	kindSpans        kind = "spans"
	kindLogs         kind = "logs"
	kindPoints       kind = "points"
	kindErrorSignals kind = "error_signals"
	kindChanges      kind = "changes"
)

var kinds = []kind{kindResources, kindScopes, kindSpans, kindLogs, kindPoints, kindErrorSignals, kindChanges}

// day is what is recorded about the tables of one day of receipt.
type day struct {
	name   string // 20261123
	ranges map[kind]timeRange
}

// timeRange has the number of rows of a table and their least and greatest event time.
type timeRange struct {
	rows     int64
	min, max int64
}

// add widens the range by one row.
func (t *timeRange) add(time int64) {
	if t.rows == 0 {
		t.min, t.max = time, time
	}
	t.rows++
	t.min, t.max = min(t.min, time), max(t.max, time)
}

// overlaps reports whether the day's table may have rows with an event time in [from, to].
func (d day) overlaps(k kind, from, to int64) bool {
	r := d.ranges[k]
	return r.rows > 0 && r.max >= from && r.min <= to
}

// hasSignals reports whether anything was received that day.
func (d day) hasSignals() bool {
	for _, r := range d.ranges {
		if r.rows > 0 {
			return true
		}
	}
	return false
}

func (d day) table(k kind) string { return string(k) + "_" + d.name }

// loadDays reads the days there are, newest first.
func loadDays(c *conn) ([]day, error) {
	var days []day
	err := c.query("SELECT day, kind, rows, min_time, max_time FROM day_tables ORDER BY day DESC", func(r *row) error {
		name := r.text()
		if len(days) == 0 || days[len(days)-1].name != name {
			days = append(days, day{name: name, ranges: map[kind]timeRange{}})
		}
		k := kind(r.text())
		days[len(days)-1].ranges[k] = timeRange{rows: r.int(), min: r.int(), max: r.int()}
		return nil
	})
	return days, err
}

// dayLayout is how days are named in tables.
const dayLayout = "20060102"

func dayOf(received int64) string { return time.Unix(0, received).UTC().Format(dayLayout) }

// prepareDays continues where the last process stopped, and makes the tables of today and
// tomorrow.
func (s *Store) prepareDays(c *conn) error {
	days, err := loadDays(c)
	if err != nil {
		return err
	}
	if s.seq, err = c.number("SELECT max(seq) FROM watermarks"); err != nil {
		return err
	}
	if err := addTurns(c, days); err != nil {
		return err
	}
	if err := indexEntries(c, days); err != nil {
		return err
	}
	for _, d := range days {
		for _, k := range kinds {
			newest, err := c.number("SELECT max(seq) FROM " + d.table(k))
			if k == kindResources || k == kindScopes {
				newest, err = c.number("SELECT max(id) FROM " + d.table(k))
			}
			if err != nil {
				return err
			}
			s.seq = max(s.seq, newest)
		}
	}
	received := s.receive()
	return s.ensureDays(c, dayOf(received), dayOf(received+int64(24*time.Hour)))
}

// addTurns adds the column of turns to tables made before there was one.
func addTurns(c *conn, days []day) error {
	added := false
	for _, d := range days {
		there, err := c.number("SELECT count(*) FROM pragma_table_info(?) WHERE name = 'turn'", d.table(kindErrorSignals))
		if err != nil {
			return err
		}
		if there > 0 {
			continue
		}
		if err := c.raw.Exec("DROP VIEW IF EXISTS error_signals; ALTER TABLE " + d.table(kindErrorSignals) + " ADD COLUMN turn INTEGER NOT NULL DEFAULT 0"); err != nil {
			return err
		}
		added = true
	}
	if !added {
		return nil
	}
	return recreateViews(c)
}

// indexEntries adds the index of requests to the newest tables, of days that may still be received, where they
// were made before there was one.
func indexEntries(c *conn, days []day) error {
	for _, d := range days[:min(len(days), 2)] {
		if err := c.raw.Exec("CREATE INDEX IF NOT EXISTS " + d.table(kindSpans) + "_entries ON " + d.table(kindSpans) + " (received_at) WHERE parent_span_id = ''"); err != nil {
			return err
		}
	}
	return nil
}

// ensureDays makes the tables of the given days where missing, and the views over all days.
func (s *Store) ensureDays(c *conn, names ...string) error {
	var made bool
	for _, name := range names {
		there, err := c.number("SELECT count(*) FROM day_tables WHERE day = ?", name)
		if err != nil {
			return err
		}
		if there > 0 {
			continue
		}
		if err := createDay(c, name); err != nil {
			return fmt.Errorf("create the tables of day %s: %w", name, err)
		}
		made = true
	}
	if !made {
		return nil
	}
	return recreateViews(c)
}

func createDay(c *conn, name string) error {
	if err := c.raw.Exec(strings.ReplaceAll(dayTables, "{day}", name)); err != nil {
		return err
	}
	for _, k := range kinds {
		if err := c.raw.Exec(appendOnly(k, string(k)+"_"+name)); err != nil {
			return err
		}
		if _, err := c.exec("INSERT INTO day_tables (day, kind) VALUES (?, ?)", name, k); err != nil {
			return err
		}
	}
	return nil
}

// appendOnly are the triggers by which the database refuses to change a table's rows, or to
// replace one by another of its number, which would not count as a deletion.
func appendOnly(k kind, table string) string {
	const trigger = "CREATE TRIGGER %[1]s_%[2]s BEFORE %[2]s ON %[1]s %[3]s BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;\n"
	number := "seq"
	if k == kindResources || k == kindScopes {
		number = "id"
	}
	return fmt.Sprintf(trigger, table, "UPDATE", "") + fmt.Sprintf(trigger, table, "DELETE", "") +
		fmt.Sprintf(trigger, table, "INSERT", fmt.Sprintf("WHEN EXISTS (SELECT 1 FROM %s WHERE %s = NEW.%s)", table, number, number))
}

// maxViewDays is how many days the views show; SQLite bounds the terms of a UNION ALL.
const maxViewDays = 366

// recreateViews makes the views through which people read signals with plain SQL.
func recreateViews(c *conn) error {
	days, err := loadDays(c)
	if err != nil {
		return err
	}
	days = days[:min(len(days), maxViewDays)]
	for _, k := range kinds[2:] {
		var arms []string
		for _, d := range days {
			arms = append(arms, viewArm(k, d))
		}
		ddl := fmt.Sprintf("DROP VIEW IF EXISTS %[1]s; CREATE VIEW %[1]s AS %[2]s", k, strings.Join(arms, " UNION ALL "))
		if err := c.raw.Exec(ddl); err != nil {
			return fmt.Errorf("create view %s: %w", k, err)
		}
	}
	return nil
}

func viewArm(k kind, d day) string {
	if k == kindErrorSignals || k == kindChanges {
		return "SELECT * FROM " + d.table(k)
	}
	return fmt.Sprintf(`SELECT t.*, r.attributes AS resource_attributes, s.name AS scope_name
		FROM %s t LEFT JOIN %s r ON r.id = t.resource LEFT JOIN %s s ON s.id = t.scope`,
		d.table(k), d.table(kindResources), d.table(kindScopes))
}

// receive is the time of receipt of what is being written: the clock's, never running backwards.
func (s *Store) receive() int64 {
	s.lastReceived = max(s.lastReceived, s.now().UnixNano())
	return s.lastReceived
}

// nextSeq numbers everything appended, in the order of commits.
func (s *Store) nextSeq() int64 {
	s.seq++
	return s.seq
}

func nextDay(name string) string { return startOf(name).AddDate(0, 0, 1).Format(dayLayout) }

// startOf is when a day begins.
func startOf(name string) time.Time {
	t, _ := time.Parse(dayLayout, name) // as dayOf wrote it
	return t
}
