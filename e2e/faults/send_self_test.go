package faults

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a sender takes for an acknowledgement decides what the store must hold.
func TestWhatCountsAsAcknowledged(t *testing.T) {
	tests := map[string]struct {
		answers []int // the last one for ever
		body    string
		refused bool
	}{
		"success":              {answers: []int{200}, body: `{"accepted":1,"rejected":[]}`},
		"pushed back at first": {answers: []int{503, 429, 200}, body: `{"accepted":1,"rejected":[]}`},
		"refused":              {answers: []int{400}, refused: true},
		"an error of its own":  {answers: []int{500}, refused: true},
		"accepted in part":     {answers: []int{200}, body: `{"accepted":1,"rejected":[{"index":0}]}`, refused: true},
		"no answer of ours":    {answers: []int{200}, body: `ok`, refused: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			attempts := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.answers[min(attempts, len(tt.answers)-1)])
				_, _ = w.Write([]byte(tt.body))
				attempts++
			}))
			defer server.Close()
			r, err := newRequest(nil, []*logRecord{untracedLog(rand.New(rand.NewPCG(1, 1)), eventTime(time.Now().UnixNano()))}, plainJSON)
			require.NoError(t, err)
			s := newSender()
			defer s.close()
			err = s.untilAcknowledged(t.Context(), r, func() address { return address{ingest: server.URL} })
			if tt.refused {
				require.ErrorIs(t, err, errRefused)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, len(tt.answers), attempts)
		})
	}
}

func TestPlanIsMadeOfTheSeed(t *testing.T) {
	names := func(seed uint64) (list []string) {
		for _, s := range plan(seed, 40, 8, topologies, allFaults) {
			for _, f := range s.faults {
				list = append(list, string(s.topology)+": "+f.name)
			}
		}
		return list
	}
	assert.Len(t, names(1), 40)
	first := names(1)
	assert.Equal(t, first, names(1))
	assert.NotEqual(t, names(1), names(2))
	few := plan(1, len(topologies), 8, topologies, allFaults)
	assert.Len(t, few, len(topologies), "the shortest run sees every topology")
}
