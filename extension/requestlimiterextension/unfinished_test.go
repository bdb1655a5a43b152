package requestlimiterextension

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/prodsentinel/prodsentinel/internal/requester"
)

const soon = 10 * time.Second

// beginPost sends the headers of a request and the beginning of its body.
func (p *plant) beginPost(length int, begin []byte) net.Conn {
	p.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(p.t.Context(), "tcp", p.http)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", protobufType, length)
	require.NoError(p.t, err)
	_, _ = conn.Write(begin) // refused requests are not read to the end
	return conn
}

func readStatus(t *testing.T, conn net.Conn) *http.Response {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(soon)))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	return response
}

// beginCall begins a call over gRPC with part of its message, on a connection of its own.
func (p *plant) beginCall(length int, begin []byte) *http2.Framer {
	p.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(p.t.Context(), "tcp", p.grpc)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(p.t, conn.SetReadDeadline(time.Now().Add(soon)))
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(p.t, err)
	framer := http2.NewFramer(conn, conn)
	require.NoError(p.t, framer.WriteSettings())
	var headers bytes.Buffer
	encoder := hpack.NewEncoder(&headers)
	for _, h := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", exportLogs}, {":authority", "localhost"},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		require.NoError(p.t, encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}))
	}
	require.NoError(p.t, framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers.Bytes(), EndHeaders: true}))
	message := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(length)), begin...)
	const largest = 16 << 10 // below the first window in all
	for len(message) > 0 {
		n := min(largest, len(message))
		require.NoError(p.t, framer.WriteData(1, false, message[:n]))
		message = message[n:]
	}
	return framer
}

// awaitStatus reads until the call is answered and returns the status' code.
func awaitStatus(t *testing.T, framer *http2.Framer) codes.Code {
	t.Helper()
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for {
		frame, err := framer.ReadFrame()
		require.NoError(t, err)
		headers, ok := frame.(*http2.MetaHeadersFrame)
		if !ok {
			continue
		}
		for _, f := range headers.Fields {
			if f.Name == "grpc-status" {
				var code codes.Code
				require.NoError(t, code.UnmarshalJSON([]byte(f.Value)))
				return code
			}
		}
	}
}

func TestBodiesThatComeTooSlowlyEnd(t *testing.T) {
	p := startPlant(t, func(c *Config) { c.Unfinished.Grace = 100 * time.Millisecond })
	begun := time.Now()
	response := readStatus(t, p.beginPost(1<<20, []byte("x")))
	assert.Equal(t, http.StatusRequestTimeout, response.StatusCode)
	assert.True(t, response.Close, "the rest of the body is not waited for")
	assert.Less(t, time.Since(begun), soon/2)
	assert.Zero(t, p.limiter.bodies.Held())
	assert.Equal(t, http.StatusOK, p.post("/v1/logs", jsonType, "", []byte("{}")).status)
}

// A connection lives on after a body that was read, however long its answer takes.
func TestThePaceDoesNotOutlastTheBody(t *testing.T) {
	p := startPlant(t, func(c *Config) { c.Unfinished.Grace, c.Unfinished.Timeout = 20*time.Millisecond, 100*time.Millisecond })
	p.received = func(ctx context.Context) error {
		select {
		case <-time.After(500 * time.Millisecond):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for range 2 {
		a := p.post("/v1/logs", jsonType, "", deepLogsJSON(1))
		assert.Equal(t, http.StatusOK, a.status, a.body)
	}
}

// Row 7: 150 unfinished bodies of 18 MB took 2 GiB.
func TestUnfinishedBodiesAreBounded(t *testing.T) {
	p := startPlant(t, func(c *Config) { c.BodyBytes, c.Unfinished.Bytes = 1<<20, 8<<20 })
	var held int64
	refused := 0
	for range 50 {
		conn := p.beginPost(1<<20, make([]byte, 900<<10))
		held = max(held, p.limiter.bodies.Held())
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		if response, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			defer response.Body.Close()
			refused++
			assert.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
			assert.NotEmpty(t, response.Header.Get("Retry-After"))
		}
	}
	assert.GreaterOrEqual(t, refused, 40)
	assert.LessOrEqual(t, held, int64(4<<20), "one sender has half")
}

// Row 10: 20,000 unfinished calls stayed open for ever.
func TestUnfinishedCallsEnd(t *testing.T) {
	p := startPlant(t, func(c *Config) { c.Unfinished.Timeout = 300 * time.Millisecond })
	for name, begin := range map[string][]byte{"no message": nil, "part of a message": make([]byte, 1000)} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, codes.Canceled, awaitStatus(t, p.beginCall(1<<20, begin)))
			assert.Zero(t, p.limiter.calls.shares.Used())
		})
	}
	t.Run("a message without an end of the call", func(t *testing.T) {
		message := deepLogs(1)
		assert.Equal(t, codes.Canceled, awaitStatus(t, p.beginCall(len(message), message)))
		require.Eventually(t, func() bool { return p.limiter.calls.held.Load() == 0 }, soon, time.Millisecond)
	})
	require.NoError(t, p.call(deepLogs(1)))
}

func TestUnfinishedCallsAreShared(t *testing.T) {
	p := startPlant(t, func(c *Config) { c.Unfinished.Streams = 10 })
	for range 5 {
		p.beginCall(1<<20, nil)
	}
	require.Eventually(t, func() bool { return p.limiter.calls.shares.Used() == 5 }, soon, time.Millisecond)
	err := p.call(deepLogs(1))
	assert.Equal(t, codes.Unavailable, status.Code(err), "one sender has half of them")
	assert.Equal(t, codes.Unavailable, awaitStatus(t, p.beginCall(1<<20, nil)))
}

func TestUnfinishedMessagesAreBounded(t *testing.T) {
	p := startPlant(t, func(c *Config) { c.BodyBytes, c.Unfinished.Bytes = 1<<10, 1<<20 })
	first := p.beginCall(1<<20, make([]byte, 60<<10))
	for range 40 {
		p.beginCall(1<<20, make([]byte, 60<<10))
	}
	assert.Equal(t, codes.Canceled, awaitStatus(t, first), "the oldest is ended")
	require.Eventually(t, func() bool { return p.limiter.calls.held.Load() <= 1<<20 }, soon, time.Millisecond)
}

func TestRequestsInFlightAreBounded(t *testing.T) {
	p := startPlant(t, func(c *Config) { c.Limits.DecodedBytes, c.InFlightBytes = 1<<20, 2<<20 })
	body := field(1, field(2, field(2, field(5, field(1, []byte(strings.Repeat("x", 800_000)))))))
	arrived, leave := make(chan struct{}), make(chan struct{})
	p.received = func(context.Context) error {
		arrived <- struct{}{}
		<-leave
		return nil
	}
	first := make(chan error)
	go func() { first <- p.call(body) }()
	<-arrived

	a := p.post("/v1/logs", protobufType, "", body)
	assert.Equal(t, http.StatusServiceUnavailable, a.status)
	assert.Contains(t, []string{"1", "2", "3"}, a.headers.Get("Retry-After"))
	err := p.call(body)
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.IsType(t, (*errdetails.RetryInfo)(nil), status.Convert(err).Details()[0])

	close(leave)
	require.NoError(t, <-first)
	p.received = nil
	require.NoError(t, p.call(body))
	assert.Zero(t, p.limiter.inFlight.Used())
	assert.Zero(t, p.limiter.calls.held.Load())
}

// What a stranger sends is not even walked.
func TestStrangersAreRefusedFirst(t *testing.T) {
	p := startPlantFor(t, nil, &strangers{})
	assert.Equal(t, codes.Unauthenticated, status.Code(p.call([]byte{0xff})))
	assert.Equal(t, http.StatusUnauthorized, p.post("/v1/logs", protobufType, "", []byte{0xff}).status)
	require.Eventually(t, func() bool { return p.limiter.calls.held.Load() == 0 && p.limiter.calls.shares.Used() == 0 }, soon, time.Millisecond)
}

// strangers is an authenticator that knows nobody.
type strangers struct {
	component.StartFunc
	component.ShutdownFunc
}

func (*strangers) Authenticate(ctx context.Context, _ map[string][]string) (context.Context, error) {
	return ctx, errors.New("unknown")
}

func TestMetadataIsBounded(t *testing.T) {
	p := startPlant(t, nil)
	conn := p.dial(grpc.WithPerRPCCredentials(headers{"x-large": strings.Repeat("x", maxMetadataBytes)}))
	require.Error(t, conn.Invoke(t.Context(), exportLogs, deepLogs(1), new(any), grpc.ForceCodec(raw{})))
}

type headers map[string]string

func (h headers) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return h, nil
}
func (headers) RequireTransportSecurity() bool { return false }

func TestTrustedProxiesSayWhoSends(t *testing.T) {
	tests := map[string]struct {
		trusted   []string
		forwarded string
		want      string
	}{
		"nobody is trusted":           {nil, "192.0.2.1", "127.0.0.1"},
		"the proxy":                   {[]string{"127.0.0.0/8"}, "192.0.2.1", "192.0.2.1"},
		"what the sender says itself": {[]string{"127.0.0.0/8"}, "198.51.100.9, 192.0.2.1", "192.0.2.1"},
		"two proxies":                 {[]string{"127.0.0.0/8", "10.0.0.0/8"}, "198.51.100.9, 192.0.2.1, 10.1.2.3", "192.0.2.1"},
		"another proxy":               {[]string{"10.0.0.0/8"}, "192.0.2.1", "127.0.0.1"},
		"nonsense":                    {[]string{"127.0.0.0/8"}, "192.0.2.1, x", "127.0.0.1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := startPlant(t, func(c *Config) { c.TrustedProxies = tt.trusted })
			senders := make(chan string, 2)
			p.received = func(ctx context.Context) error {
				senders <- requester.Of(ctx)
				return nil
			}
			conn := p.dial(grpc.WithPerRPCCredentials(headers{requester.ForwardedFor: tt.forwarded}))
			require.NoError(t, conn.Invoke(t.Context(), exportLogs, deepLogs(1), new(any), grpc.ForceCodec(raw{})))
			assert.Equal(t, tt.want, <-senders, "gRPC")

			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.http+"/v1/logs", bytes.NewReader(deepLogsJSON(1)))
			require.NoError(t, err)
			request.Header.Set("Content-Type", jsonType)
			request.Header.Set("X-Forwarded-For", tt.forwarded)
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, tt.want, <-senders, "HTTP")
		})
	}
}
