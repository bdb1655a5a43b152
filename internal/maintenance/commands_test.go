package maintenance

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func TestMigrate(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		out, _, err := run(t, s.yaml, "migrate", "--config=yaml:"+s.yaml)
		require.NoError(t, err)
		assert.Contains(t, out, "Brought the schema of signal_store (")
		assert.Contains(t, out, " from version 0 to ")
		out, _, err = run(t, s.yaml, "migrate", "--config=yaml:"+s.yaml)
		require.NoError(t, err)
		assert.Contains(t, out, " already.")
	})
}

// The embedded default's place is not where a collector with a configuration keeps its store.
func TestMigrateMakesNoFileThatNobodyNamed(t *testing.T) {
	s := sqliteSite(t)
	_, _, err := run(t, s.yaml, "migrate")
	require.EqualError(t, err, "there is no SQLite store at "+s.config.SQLite.Path+": give the collector's --config, or its PRODSENTINEL_DATA_DIR")
	assert.NoFileExists(t, s.config.SQLite.Path)
}

func TestFiveMigrateAtOnce(t *testing.T) {
	s := postgresSite(t)
	outs := make([]string, 5)
	var all sync.WaitGroup
	for i := range outs {
		all.Go(func() {
			out, _, err := run(t, s.yaml, "migrate")
			assert.NoError(t, err)
			outs[i] = out
		})
	}
	all.Wait()
	brought := 0
	for _, out := range outs {
		if assert.NotEmpty(t, out) && out[0] == 'B' {
			brought++
		}
	}
	assert.Equal(t, 1, brought, "one did it, the others say that it is done: %q", outs)
}

func TestPasswordsAreNotShown(t *testing.T) {
	u, err := url.Parse(servertest.Database(t))
	require.NoError(t, err)
	u.User = url.UserPassword("stranger", "s3cr3t")
	gone := "postgres://stranger:s3cr3t@127.0.0.1:1/prodsentinel"
	for name, address := range map[string]string{"refused": u.String(), "gone": gone, "unreadable": "postgres://stranger:s3cr3t@host:port"} {
		for _, args := range [][]string{{"migrate"}, {"dead-letters", "retry", "--all"}} {
			t.Run(name+" "+args[0], func(t *testing.T) {
				out, errs, err := run(t, extensions(fmt.Sprintf("signal_store: {postgres: {url: %q}}", address)), args...)
				require.Error(t, err)
				assert.NotContains(t, out+errs+err.Error(), "s3cr3t")
				if name == "gone" {
					assert.ErrorContains(t, err, "PostgreSQL cannot be reached")
				}
			})
		}
	}
}

func TestRetryDeadLetters(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		var first, second, alive string
		s.with(t, func(s store.Store) {
			first, second = buries(t, s, "r1"), buries(t, s, "r2")
			alive = opens(t, s, "r3")
			exhausts(t, s, "poison")
		})
		out, _, err := run(t, s.yaml, "dead-letters", "retry", "--all", "--tenant", "other")
		require.NoError(t, err)
		assert.Contains(t, out, "nothing to put back")

		out, _, err = run(t, s.yaml, "dead-letters", "retry", second, alive)
		require.ErrorContains(t, err, "nothing was given up under "+alive+": see dead_letters")
		assert.Equal(t, "Put back the analysis of incident "+second+" (attempts so far: 1).\n", out, "what could be was")

		out, _, err = run(t, s.yaml, "dead-letters", "retry", "--all")
		require.NoError(t, err)
		assert.Equal(t, "Put back the analysis of incident "+first+" (attempts so far: 1).\n"+
			"Put back the classification of failure poison (attempts so far: 5).\n", out)
		s.with(t, func(s store.Store) {
			claims, err := s.ClaimIncidents(t.Context(), "test", time.Minute, 10)
			require.NoError(t, err)
			assert.Len(t, claims, 3)
			failures, err := s.ClaimFailures(t.Context(), "test", time.Minute, 10)
			require.NoError(t, err)
			assert.Len(t, failures, 1)
		})
	})
}

// nobody is an ID that no incident has.
const nobody = "00000000000000000000000000000000"

func TestMergeAndSplitIncidents(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		var older, younger string
		s.with(t, func(s store.Store) { older, younger = opens(t, s, "r1"), opens(t, s, "r2") })
		incidentOf := func(id string) (in incident.Incident) {
			s.with(t, func(s store.Store) {
				var err error
				in, err = s.Incident(t.Context(), "", id)
				require.NoError(t, err)
			})
			return in
		}
		_, _, err := run(t, s.yaml, "incidents", "merge", older, nobody)
		require.ErrorContains(t, err, fmt.Sprintf("merge incidents: incident %q: not found", nobody))
		_, _, err = run(t, s.yaml, "incidents", "merge", older, younger, "--tenant", "other")
		require.ErrorIs(t, err, store.ErrNotFound)

		out, _, err := run(t, s.yaml, "incidents", "merge", older, strings.ToUpper(younger))
		require.NoError(t, err)
		assert.Contains(t, out, "Merged incident "+younger+" into the older "+older)
		assert.Equal(t, older, incidentOf(younger).MergedInto)
		assert.Equal(t, 2, incidentOf(older).FailingTraces)
		_, _, err = run(t, s.yaml, "incidents", "split", older)
		require.ErrorContains(t, err, "split off what was merged into it: "+younger)

		out, _, err = run(t, s.yaml, "incidents", "split", strings.ToUpper(younger))
		require.NoError(t, err)
		assert.Contains(t, out, "Split incident "+younger+" off "+older)
		assert.Empty(t, incidentOf(younger).MergedInto)
		assert.Equal(t, 1, incidentOf(older).FailingTraces)
	})
}

// coordinatorOf is what a running process has.
func coordinatorOf(t *testing.T, s site) coordination.Coordinator {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(s.yaml))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	sub, err := conf.Sub("extensions::coordination")
	require.NoError(t, err)
	var config coordinationextension.Config
	require.NoError(t, sub.Unmarshal(&config))
	c, err := coordinationextension.Open(t.Context(), &config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

func TestRunningProcessesAreTold(t *testing.T) {
	s := postgresSite(t)
	var dead string
	s.with(t, func(s store.Store) { dead = buries(t, s, "r1") })
	c := coordinatorOf(t, s)
	changes, err := c.Subscribe(t.Context())
	require.NoError(t, err)
	_, errs, err := run(t, s.yaml, "dead-letters", "retry", dead)
	require.NoError(t, err)
	assert.Empty(t, errs)
	woken, err := c.Wait(t.Context(), coordination.QueueIncidents, 1, time.Minute)
	require.NoError(t, err)
	assert.Equal(t, []string{dead}, woken)
	assert.Equal(t, coordination.Change{IncidentID: dead}, <-changes)
}

func TestNobodyHears(t *testing.T) {
	for name, test := range map[string]struct{ redis, want string }{
		"gone":       {"redis://user:s3cr3t@127.0.0.1:1/0", "Redis"},
		"not set":    {"", "url: give the server's URL"},
		"unreadable": {"postgres://user:s3cr3t@host", "is no redis://"},
	} {
		t.Run(name, func(t *testing.T) {
			s := postgresSite(t)
			s.with(t, func(s store.Store) { buries(t, s, "r1") })
			out, errs, err := run(t, s.yaml, "dead-letters", "retry", "--all", "--set", "extensions.coordination.redis.url="+test.redis)
			require.NoError(t, err, "it is done all the same")
			assert.Contains(t, out, "Put back the analysis")
			assert.Contains(t, errs, "Running processes were not told (coordination: ")
			assert.Contains(t, errs, test.want)
			assert.NotContains(t, errs, "s3cr3t")
		})
	}
}

func TestErrorsOfTheStoreAreKept(t *testing.T) {
	err := errors.New("the disk is full")
	assert.Equal(t, err, explain(found{}, err))
}
