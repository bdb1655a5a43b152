package redis_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
)

// BenchmarkDebounce opens windows: by so many callers at a time, each for so many keys in a call.
func BenchmarkDebounce(b *testing.B) {
	backends := map[string]func(*testing.B) coordination.Coordinator{
		"memory": func(*testing.B) coordination.Coordinator { return memory.New(memory.Options{}) },
		"redis": func(b *testing.B) coordination.Coordinator {
			return start(b, of(servertest.StartRedis(b).Addr, nil))
		},
	}
	for _, backend := range []string{"memory", "redis"} {
		for _, callers := range []int{1, 8} {
			for _, keys := range []int{1, 100, 500} {
				b.Run(backend+"/callers="+strconv.Itoa(callers)+"/keys="+strconv.Itoa(keys), func(b *testing.B) {
					benchmarkDebounce(b, backends[backend](b), callers, keys)
				})
			}
		}
	}
}

func benchmarkDebounce(b *testing.B, c coordination.Coordinator, callers, keys int) {
	var next atomic.Int64
	b.SetParallelism(callers) // times GOMAXPROCS, which -cpu 1 makes 1
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		batch := make([]string, keys)
		for p.Next() {
			at := next.Add(int64(keys))
			for i := range batch {
				batch[i] = strconv.FormatInt(at+int64(i), 16)
			}
			_, err := c.DebounceAll(b.Context(), "", batch, time.Minute)
			require.NoError(b, err)
		}
	})
	b.ReportMetric(float64(b.N)*float64(keys)/b.Elapsed().Seconds(), "keys/s")
	require.True(b, c.Status(b.Context()).Shared)
}
