package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// explainAll makes every later session of the database write the plans of what it runs, as executed, to
// the server's log.
var explainAll = []string{
	"session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0", "auto_explain.log_analyze = on",
	"auto_explain.log_timing = off", "auto_explain.log_format = json",
}

// plans asks each question of reads once and prints what PostgreSQL executed for it: how many of the
// days' partitions it read, by which indexes, and where it read a whole partition.
func plans(ctx context.Context, t target) (err error) {
	if t.database == "" || t.log == "" {
		return errors.New("plans needs -database, and in -log the file that its server writes its log to")
	}
	config, err := pgx.Connect(ctx, t.database)
	if err != nil {
		return err
	}
	defer func() { _ = config.Close(ctx) }()
	name := pgx.Identifier{config.Config().Database}.Sanitize()
	for _, setting := range explainAll {
		if _, err := config.Exec(ctx, "ALTER DATABASE "+name+" SET "+setting); err != nil {
			return err
		}
	}
	defer func() {
		_, reset := config.Exec(context.WithoutCancel(ctx), "ALTER DATABASE "+name+" RESET ALL")
		err = errors.Join(err, reset)
	}()
	return ask(ctx, t, "| read | partitions of signals read | indexes | whole partitions read |\n|---|---|---|---|\n", func(base string, q question) error {
		return explain(ctx, q, base, t.log)
	})
}

func explain(ctx context.Context, q question, base, log string) error {
	before, err := os.Stat(log)
	if err != nil {
		return err
	}
	if _, err := fetch(ctx, base+q.path(3)); err != nil {
		return err
	}
	logged, err := readFrom(log, before.Size())
	if err != nil {
		return err
	}
	e := executed{partitions: map[string]bool{}, indexes: map[string]bool{}, whole: map[string]bool{}}
	for _, plan := range plansIn(logged) {
		e.note(plan)
	}
	fmt.Printf("| %s | %d | %s | %s |\n", q.name, len(e.partitions), list(e.indexes), list(e.whole))
	return nil
}

func readFrom(path string, offset int64) (string, error) {
	f, err := os.Open(path) //nolint:gosec // the file that the user named
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return "", err
	}
	all, err := io.ReadAll(f)
	return string(all), err
}

// planNode is a node of a plan as auto_explain logs it.
type planNode struct {
	Type     string     `json:"Node Type"`
	Relation string     `json:"Relation Name"`
	Index    string     `json:"Index Name"`
	Loops    float64    `json:"Actual Loops"`
	Rows     float64    `json:"Actual Rows"`
	Filtered float64    `json:"Rows Removed by Filter"`
	Plans    []planNode `json:"Plans"`
}

// plansIn finds the plans in a log: JSON objects that begin after "plan:" and end with a line "}" that
// is indented by the log's tab alone.
func plansIn(log string) (found []planNode) {
	for _, part := range strings.Split(log, "plan:\n")[1:] {
		object, _, ok := strings.Cut(part, "\n\t}")
		var explained struct{ Plan planNode }
		if ok && json.Unmarshal([]byte(object+"}"), &explained) == nil {
			found = append(found, explained.Plan)
		}
	}
	return found
}

type executed struct{ partitions, indexes, whole map[string]bool }

var (
	partition = regexp.MustCompile(`^(spans|logs|metric_points|changes|error_signals)_\d`)
	day       = regexp.MustCompile(`\d{8}|\d{4}_\d{2}_\d{2}`)
)

func (e executed) note(n planNode) {
	if n.Loops > 0 {
		ofSignals := partition.MatchString(n.Relation)
		if ofSignals {
			e.partitions[n.Relation] = true
		}
		if n.Index != "" {
			e.indexes[day.ReplaceAllString(n.Index, "DAY")] = true
		}
		if ofSignals && n.Type == "Seq Scan" && n.Rows+n.Filtered > 0 { // else it is empty: a day to come
			e.whole[n.Relation] = true
		}
	}
	for _, child := range n.Plans {
		e.note(child)
	}
}

func list(names map[string]bool) string {
	if len(names) == 0 {
		return "none"
	}
	var sorted []string
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	return strings.Join(sorted, ", ")
}
