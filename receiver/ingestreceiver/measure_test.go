//go:build !race

package ingestreceiver

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// TestMeasure compares the estimate by which bodies are admitted with what they take. It may be too much,
// since records often share what they have. Not
// under the race detector, which packs no small values together.
func TestMeasure(t *testing.T) {
	for name, text := range map[string]string{
		"as short as can be": `{"service":"s","level":1,"message":""}`,
		"usual": `{"timestamp":"2026-07-01T12:00:00.123Z","service":"payment","level":"info","message":"order accepted","trace_id":"` + traceHex +
			`","span_id":"` + spanHex + `","attributes":{"order.id":123,"customer":"c-17","amount":12.5},"resource":{"host.name":"h1"}}`,
		"small attributes": `{"service":"s","level":"info","message":"m","attributes":{` + strings.Repeat(`"a":1,`, 500) + `"b":2}}`,
		"a list":           `{"service":"s","level":"info","message":"m","attributes":{"a":[` + strings.Repeat(`1,`, 5000) + `2]}}`,
		"a long text":      `{"service":"s","level":"info","message":"` + strings.Repeat("text, ", 10_000) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.Repeat(text+"\n", 1_000_000/len(text))
			config := createDefaultConfig().(*Config)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			rs := newResources()
			all := &records{body: []byte(body), lines: true, limits: &config.Limits}
			count, memory := all.measure()
			read := func(_ context.Context, rec *record) ([]*signal.Log, *fieldError) {
				return []*signal.Log{readLog(rec, rs, 0, false)}, rec.finish()
			}
			kept, err := readAll(t.Context(), all, read, newAnswer())
			require.NoError(t, err)
			require.Len(t, kept, count)
			ld := signal.ToLogs(kept)
			runtime.GC()
			runtime.ReadMemStats(&after)
			ratio := float64(memory) / float64(after.HeapAlloc-before.HeapAlloc)
			runtime.KeepAlive(body)
			runtime.KeepAlive(kept)
			runtime.KeepAlive(ld)
			assert.Greater(t, ratio, 0.7)
			assert.Less(t, ratio, 2.5)
		})
	}
}
