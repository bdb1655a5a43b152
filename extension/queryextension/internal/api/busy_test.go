package api_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// slowSearch is the path of a search that finds nothing after going through everything.
const slowSearch = "/query/signals?kind=log&q=straw&attr.needle=yes"

// fillHaystack stores what slowSearch goes through.
func fillHaystack(t *testing.T, s store.Store) {
	t.Helper()
	barn := &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: "barn"}}}}
	for range 8 {
		var b store.Batch
		for i := range 5000 {
			body := strings.Repeat("straw ", 50) + strconv.Itoa(i)
			b.Logs = append(b.Logs, &signal.Log{Resource: barn, Time: signal.NanosOf(querytest.Onset), Severity: 9, Body: signal.Value{Data: body}})
		}
		signal.IdentifyLogs("", b.Logs)
		_, err := s.Append(t.Context(), []store.Batch{b})
		require.NoError(t, err)
	}
}

// TestSearchesDoNotHoldUpPages has a page in a browser send as many searches as it can.
func TestSearchesDoNotHoldUpPages(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	fillHaystack(t, site.Store)
	paths := []string{"/", "/incidents/" + site.Pool, "/traces/" + querytest.PoolTrace.String(), "/query/incidents", "/query/status"}
	slowest := func() (slowest time.Duration) {
		for range 3 {
			for _, path := range paths {
				begun := time.Now()
				require.Equal(t, http.StatusOK, get(t, site.URL+path).status, path)
				slowest = max(slowest, time.Since(begun))
			}
		}
		return slowest
	}
	quiet := slowest()

	ctx, stop := context.WithCancel(t.Context())
	var searches sync.WaitGroup
	var answered, refused atomic.Int64
	for range 40 {
		searches.Go(func() {
			for ctx.Err() == nil {
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, site.URL+slowSearch, http.NoBody)
				if !assert.NoError(t, err) { //nolint:testifylint // not the test's goroutine
					return
				}
				response, err := client.Do(r)
				if err != nil {
					assert.Error(t, ctx.Err())
					return
				}
				_ = response.Body.Close()
				switch response.StatusCode {
				case http.StatusOK:
					answered.Add(1)
				case http.StatusServiceUnavailable:
					refused.Add(1)
					after, err := strconv.Atoi(response.Header.Get("Retry-After"))
					if assert.NoError(t, err) {
						assert.Positive(t, after)
					}
					time.Sleep(10 * time.Millisecond)
				default:
					assert.Error(t, ctx.Err(), "status %d", response.StatusCode)
				}
			}
		})
	}
	require.Eventually(t, func() bool { return refused.Load() > 0 }, 20*time.Second, time.Millisecond)
	attacked := slowest()
	stop()
	searches.Wait()
	assert.Less(t, attacked, max(10*quiet, 2*time.Second), "when quiet %s", quiet)
	begun := time.Now()
	require.Equal(t, http.StatusOK, get(t, site.URL+slowSearch).status, "those that left hold no place")
	t.Logf("slowest page %s, attacked %s; %d searches answered, %d refused, then one in %s", quiet, attacked, answered.Load(), refused.Load(), time.Since(begun))
}

func TestBusyIsAProblemWithTheTimeToRetry(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	fillHaystack(t, site.Store)
	answers := make([]answer, 30)
	var searches sync.WaitGroup
	for i := range answers {
		searches.Go(func() { answers[i] = get(t, site.URL+slowSearch) })
	}
	searches.Wait()
	refused := slices.IndexFunc(answers, func(a answer) bool { return a.status != http.StatusOK })
	require.GreaterOrEqual(t, refused, 0)
	p := answers[refused].problem(t, http.StatusServiceUnavailable)
	assert.Contains(t, p["detail"], "try again")
	assert.NotEmpty(t, answers[refused].header.Get("Retry-After"))
}
