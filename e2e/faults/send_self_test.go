package faults

import (
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
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

// An answer that says come again must say when; where nobody answered, nobody can.
func TestAnswersWithoutATimeToComeAgainAreKept(t *testing.T) {
	tests := map[string]struct {
		protocol protocol
		listens  bool
		hint     bool
		kept     bool
	}{
		"HTTP with":             {plainJSON, true, true, false},
		"HTTP without":          {plainJSON, true, false, true},
		"HTTP without a server": {plainJSON, false, false, false},
		"gRPC with":             {otlpGRPC, true, true, false},
		"gRPC without":          {otlpGRPC, true, false, true},
		"gRPC without a server": {otlpGRPC, false, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			to := busyServers(t, tt.hint)
			if !tt.listens {
				to = address{grpc: "127.0.0.1:1", ingest: "http://127.0.0.1:1"}
			}
			r, err := newRequest(nil, []*logRecord{untracedLog(rand.New(rand.NewPCG(1, 1)), 1)}, tt.protocol)
			require.NoError(t, err)
			s := newSender()
			defer s.close()
			_, err = s.send(t.Context(), r, to)
			require.Error(t, err)
			require.NotErrorIs(t, err, errRefused)
			assert.Equal(t, tt.kept, len(s.takeUnhinted()) == 1)
			assert.Empty(t, s.takeUnhinted(), "taken")
			assert.Equal(t, tt.listens, s.pushedBack.Load() == 1)
		})
	}
}

// busyServers push back whatever they are sent, and say when to come again or not.
func busyServers(t *testing.T, hint bool) address {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if hint {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(web.Close)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	busy := status.New(codes.Unavailable, "busy")
	if hint {
		busy, err = busy.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)})
		require.NoError(t, err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return busy.Err() }))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return address{grpc: listener.Addr().String(), ingest: web.URL}
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
