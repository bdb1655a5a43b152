package eval

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// records are telemetry as received. They are shared by cases that run side by side, and never changed.
type records struct {
	spans  []*signal.Span
	logs   []*signal.Log
	points []*signal.Point
}

func (r *records) add(o records) {
	r.spans = append(r.spans, o.spans...)
	r.logs = append(r.logs, o.logs...)
	r.points = append(r.points, o.points...)
}

// loadRecords reads the files of OTLP/JSON in a folder whose names begin with a prefix. Missing ones are empty.
func loadRecords(dir, prefix string) (r records, err error) {
	err = errors.Join(
		eachLine(filepath.Join(dir, prefix+"traces.jsonl"), func(line []byte) error {
			td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
			if err != nil {
				return err
			}
			spans := signal.FromTraces(td)
			signal.IdentifySpans("", spans)
			r.spans = append(r.spans, spans...)
			return nil
		}),
		eachLine(filepath.Join(dir, prefix+"logs.jsonl"), func(line []byte) error {
			ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
			if err != nil {
				return err
			}
			logs := signal.FromLogs(ld)
			signal.IdentifyLogs("", logs)
			r.logs = append(r.logs, logs...)
			return nil
		}),
		eachLine(filepath.Join(dir, prefix+"metrics.jsonl"), func(line []byte) error {
			md, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(line)
			if err != nil {
				return err
			}
			points := signal.FromMetrics(md)
			signal.IdentifyPoints("", points)
			r.points = append(r.points, points...)
			return nil
		}),
	)
	return r, err
}

// maxLine bounds a line of a file, and maxLines how many a file has.
const (
	maxLine  = 64 << 20
	maxLines = 1 << 20
)

// eachLine calls do with each line of a file, or of the same compressed with gzip.
func eachLine(name string, do func([]byte) error) (err error) {
	in, err := open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 1<<20), maxLine)
	for n := 1; lines.Scan(); n++ {
		if n > maxLines {
			return fmt.Errorf("%s: more than %d lines", name, maxLines)
		}
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if err := do(line); err != nil {
			return fmt.Errorf("%s, line %d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// open opens a file, or what was compressed to the same name with .gz.
func open(name string) (io.ReadCloser, error) {
	f, err := os.Open(name) //nolint:gosec // the user names the suite
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if f, err = os.Open(name + ".gz"); err != nil { //nolint:gosec // the same
		return nil, err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s.gz: %w", name, err), f.Close())
	}
	return &zipped{Reader: z, file: f}, nil
}

type zipped struct {
	*gzip.Reader
	file *os.File
}

// Close closes both the stream and its file.
func (z *zipped) Close() error { return errors.Join(z.Reader.Close(), z.file.Close()) }
