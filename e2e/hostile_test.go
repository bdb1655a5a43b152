package e2e

import (
	"bufio"
	"bytes"
	"context"
	wire "encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
)

// smallMachine is the memory of the machine that the tests of hostile senders go by.
const smallMachine = 2 << 30

// Names of what hostile senders call.
const (
	exportLogs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
	jsonType   = "application/json"
)

// Hostile senders have another address than those who suffer from them.
var (
	hostile       = &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	hostileClient = &http.Client{Transport: &http.Transport{DialContext: hostile.DialContext}}
)

// rawBytes sends bytes over gRPC as they are.
type rawBytes struct{}

func (rawBytes) Name() string                  { return "proto" }
func (rawBytes) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (rawBytes) Unmarshal([]byte, any) error   { return nil }

// callLogs exports bytes as logs over gRPC.
func (c *Collector) callLogs(t testing.TB, body []byte) error {
	t.Helper()
	conn, err := grpc.NewClient(c.OTLPGRPC, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return hostile.DialContext(ctx, "tcp", address)
		}))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	return conn.Invoke(t.Context(), exportLogs, body, new(any), grpc.ForceCodec(rawBytes{}))
}

// postPacked sends a body, compressed with zstd, and returns the answer's status, 0 for none.
func postPacked(t testing.TB, url, contentType string, body []byte) int {
	t.Helper()
	return postEncoded(t, url, contentType, pack(t, body))
}

func pack(t testing.TB, body []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	require.NoError(t, err)
	return w.EncodeAll(body, nil)
}

func postEncoded(t testing.TB, url, contentType string, packed []byte) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(packed))
	require.NoError(t, err)
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Content-Encoding", "zstd")
	response, err := hostileClient.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func protoField(number int, content []byte) []byte {
	b := wire.AppendUvarint(nil, uint64(number)<<3|2)
	b = wire.AppendUvarint(b, uint64(len(content)))
	return append(b, content...)
}

// deepLogs is a request of three log records: the body of the second is so many lists, one in the other.
func deepLogs(levels int) []byte {
	reversed := make([]byte, 0, 10*levels)
	for n := range 2 * levels {
		length := wire.AppendUvarint(nil, uint64(len(reversed)))
		for i := len(length) - 1; i >= 0; i-- {
			reversed = append(reversed, length[i])
		}
		reversed = append(reversed, []byte{1<<3 | 2, 5<<3 | 2}[n%2]) // values of a list, a list as a value
	}
	for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
		reversed[i], reversed[j] = reversed[j], reversed[i]
	}
	neighbour := protoField(2, protoField(5, protoField(1, []byte("a neighbour"))))
	records := bytes.Join([][]byte{neighbour, protoField(2, protoField(5, reversed)), neighbour}, nil)
	return protoField(1, protoField(2, records))
}

func deepLogsJSON(levels int) []byte {
	const neighbour = `{"body":{"stringValue":"a neighbour"}}`
	return []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + neighbour + `,{"body":` +
		strings.Repeat(`{"arrayValue":{"values":[`, levels) + strings.Repeat(`]}}`, levels) + `},` + neighbour + `]}]}]}`)
}

// requireServes checks that the collector takes what an innocent sender sends.
func (c *Collector) requireServes(t testing.TB, n int) {
	t.Helper()
	f := analysistest.NewRequest(n, time.Now(), analysistest.BadData)
	begun := time.Now()
	require.True(t, c.sendTraces(f.Spans()), "an innocent sender is served; log:\n%s", c.Log())
	assert.Less(t, time.Since(begun), 5*time.Second)
	require.True(t, c.healthy())
}

func TestDeepNestingEndsNothing(t *testing.T) {
	const levels = 2_000_000
	for name, send := range map[string]func(*testing.T, *Collector){
		"gRPC": func(t *testing.T, c *Collector) { require.NoError(t, c.callLogs(t, deepLogs(levels))) },
		"HTTP, protobuf": func(t *testing.T, c *Collector) {
			require.Equal(t, http.StatusOK, postPacked(t, c.OTLPHTTP+"/v1/logs", protobuf, deepLogs(levels)))
		},
		"HTTP, JSON": func(t *testing.T, c *Collector) {
			require.Equal(t, http.StatusOK, postPacked(t, c.OTLPHTTP+"/v1/logs", jsonType, deepLogsJSON(levels/3)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := StartCollector(t, Options{Memory: smallMachine})
			send(t, c)
			stored := mustGet[page[map[string]any]](t, c, "/query/signals?kind=log")
			assert.Len(t, stored.Items, 3, "the record itself, cut, and its neighbours")
			c.requireServes(t, 1)
		})
	}
}

func TestFewBytesTakeLittleMemory(t *testing.T) {
	const records = 10_000_000
	protobufBody := pack(t, protoField(1, protoField(2, bytes.Repeat([]byte{2<<3 | 2, 0}, records))))
	jsonBody := pack(t, []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}`+strings.Repeat(",{}", 6_000_000)+`]}]}]}`))
	c := StartCollector(t, Options{Memory: smallMachine})
	c.requireServes(t, 0)
	idle := residentMB(t, c.PID())
	t.Logf("%d bytes of protobuf, %d of JSON; %.0f MB at rest", len(protobufBody), len(jsonBody), idle)
	for n, contentType := range []string{protobuf, jsonType} {
		body := [][]byte{protobufBody, jsonBody}[n]
		var senders sync.WaitGroup
		for range 4 {
			senders.Go(func() {
				got := postEncoded(t, c.OTLPHTTP+"/v1/logs", contentType, body)
				assert.Contains(t, []int{http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable}, got, "refused for good, or unread")
			})
		}
		c.requireServes(t, n+1)
		senders.Wait()
		assert.Equal(t, http.StatusRequestEntityTooLarge, postEncoded(t, c.OTLPHTTP+"/v1/logs", contentType, body), "for good")
	}
	most := residentMB(t, c.PID())
	t.Logf("%.0f MB after it", most)
	assert.Less(t, most, idle+512)
}

func TestFewBytesOfPlainJSONCostLittle(t *testing.T) {
	const neighbour = `{"service":"s","level":"info","message":"a neighbour"}`
	bodies := map[string]struct {
		body string
		want int
	}{
		"numbers": {"[" + strings.Repeat("0,", 10_000_000) + "0]", http.StatusRequestEntityTooLarge},
		"a record of 10 million elements": {`[{"service":"s","level":"info","message":"m","attributes":{"a":[` +
			strings.Repeat("0,", 10_000_000) + `0]}},` + neighbour + `]`, http.StatusOK},
	}
	c := StartCollector(t, Options{Memory: smallMachine})
	c.requireServes(t, 0)
	for name, tt := range bodies {
		t.Run(name, func(t *testing.T) {
			packed := pack(t, []byte(tt.body))
			memory, cpu := watchMemory(t, c), cpuSeconds(t, c.PID())
			assert.Equal(t, tt.want, postEncoded(t, c.Ingest+"/ingest/logs", jsonType, packed))
			took, most := cpuSeconds(t, c.PID())-cpu, memory()
			t.Logf("%d bytes: %.1f s, at most %.0f MB", len(packed), took, most)
			assert.Less(t, took, 6.0)
			assert.Less(t, most, 600.0)
		})
	}
	stored := mustGet[page[map[string]any]](t, c, "/query/signals?kind=log&service=s")
	assert.Len(t, stored.Items, 1, "the neighbour")
}

// beginPost sends the headers of a request over HTTP and part of its body.
func beginPost(t testing.TB, url, contentType string, length int, begin []byte) net.Conn {
	t.Helper()
	address, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	conn, err := hostile.DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", path, contentType, length)
	require.NoError(t, err)
	_ = conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	_, _ = conn.Write(begin) // one that is refused is not read to its end
	return conn
}

// http2Conn is a connection on which calls over gRPC are begun and not ended.
type http2Conn struct {
	t      testing.TB
	conn   net.Conn
	framer *http2.Framer
	next   uint32
}

func dialHTTP2(t testing.TB, address string) *http2Conn {
	t.Helper()
	conn, err := hostile.DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(t, err)
	h := &http2Conn{t: t, conn: conn, framer: http2.NewFramer(conn, bufio.NewReader(conn)), next: 1}
	require.NoError(t, h.framer.WriteSettings())
	return h
}

// begin sends the headers of a call and the beginning of a message of the given length.
func (h *http2Conn) begin(length int, begin []byte) (stream uint32) {
	h.t.Helper()
	var headers bytes.Buffer
	encoder := hpack.NewEncoder(&headers)
	for _, f := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", exportLogs}, {":authority", "localhost"},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		require.NoError(h.t, encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}))
	}
	stream = h.next
	h.next += 2
	require.NoError(h.t, h.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: headers.Bytes(), EndHeaders: true}))
	message := append(wire.BigEndian.AppendUint32([]byte{0}, uint32(length)), begin...)
	_ = h.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	for len(message) > 0 {
		n := min(16<<10, len(message))
		if h.framer.WriteData(stream, false, message[:n]) != nil {
			break // the server has ended the connection
		}
		message = message[n:]
	}
	return stream
}

// flood sends the beginning of a message as fast as the server takes it.
func (h *http2Conn) flood(length, begin, frame int) {
	stream := h.begin(length, nil)
	_ = h.conn.SetDeadline(time.Now().Add(20 * time.Second))
	window, connection := int64(65535), int64(65535)
	grow := make(chan [2]int64, 1000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			f, err := h.framer.ReadFrame()
			if err != nil {
				return
			}
			switch f := f.(type) {
			case *http2.WindowUpdateFrame:
				if f.StreamID == 0 {
					grow <- [2]int64{0, int64(f.Increment)}
				} else {
					grow <- [2]int64{int64(f.Increment), 0}
				}
			case *http2.RSTStreamFrame, *http2.GoAwayFrame:
				return
			}
		}
	}()
	chunk := make([]byte, frame)
	for sent := 0; sent < begin; sent += frame {
		for window < int64(frame) || connection < int64(frame) {
			select {
			case g := <-grow:
				window, connection = window+g[0], connection+g[1]
			case <-ended:
				return
			}
		}
		if h.framer.WriteData(stream, false, chunk) != nil {
			return
		}
		window, connection = window-int64(frame), connection-int64(frame)
	}
}

func TestUnfinishedRequestsTakeLittleMemory(t *testing.T) {
	const connections, length, begun = 150, 18 << 20, 17 << 20
	body := make([]byte, begun)
	for name, send := range map[string]func(*Collector){
		"HTTP":   func(c *Collector) { beginPost(t, c.OTLPHTTP+"/v1/logs", protobuf, length, body) },
		"ingest": func(c *Collector) { beginPost(t, c.Ingest+"/ingest/logs", jsonType, length, body) },
		"gRPC":   func(c *Collector) { dialHTTP2(t, c.OTLPGRPC).flood(length, begun, 16<<10) },
		"gRPC, in small frames": func(c *Collector) {
			dialHTTP2(t, c.OTLPGRPC).flood(length, begun, 1000)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := StartCollector(t, Options{Memory: smallMachine})
			var senders sync.WaitGroup
			for range connections {
				senders.Go(func() { send(c) })
			}
			watched := watchMemory(t, c)
			for n := range 10 {
				time.Sleep(time.Second)
				c.requireServes(t, n)
			}
			senders.Wait()
			t.Logf("at most %.0f MB", watched())
		})
	}
}

// watchMemory notes the memory that a collector occupies until the returned function is called, which
// returns the most, in MB.
func watchMemory(t testing.TB, c *Collector) (most func() float64) {
	t.Helper()
	process, err := procfs.NewProc(c.PID())
	require.NoError(t, err)
	var largest float64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(pollInterval):
				if stat, err := process.Stat(); err == nil {
					largest = max(largest, float64(stat.ResidentMemory())/1e6)
				}
			}
		}
	}()
	return func() float64 {
		close(done)
		<-ended
		return largest
	}
}

func TestUnfinishedRequestsEnd(t *testing.T) {
	c := StartCollector(t, Options{Args: []string{
		"--set=receivers.otlp.protocols.http.read_header_timeout=1s",
		"--set=extensions.request_limiter.unfinished.timeout=1s",
		"--set=extensions.health_check.read_header_timeout=1s",
	}})
	awaitEnd := func(conn net.Conn) {
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err := io.Copy(io.Discard, conn)
		assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "it is still open")
	}
	for _, url := range []string{c.OTLPHTTP, c.Health} {
		conn, err := hostile.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		_, err = io.WriteString(conn, "POST /v1/logs HTTP/1.1\r\nHost:")
		require.NoError(t, err)
		awaitEnd(conn)
	}
	awaitEnd(beginPost(t, c.OTLPHTTP+"/v1/logs", protobuf, 1000, []byte("x")))

	calls := dialHTTP2(t, c.OTLPGRPC)
	unfinished := map[uint32]bool{}
	for range 100 {
		unfinished[calls.begin(1000, nil)] = true
	}
	require.NoError(t, calls.conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	for len(unfinished) > 0 {
		frame, err := calls.framer.ReadFrame()
		require.NoError(t, err, "%d calls go on", len(unfinished))
		if end, ok := frame.(*http2.RSTStreamFrame); ok {
			delete(unfinished, end.StreamID)
		}
	}
	c.requireServes(t, 1)
}

func TestOneSenderCannotTakeAllCalls(t *testing.T) {
	c := StartCollector(t, Options{})
	for range 200 {
		calls := dialHTTP2(t, c.OTLPGRPC)
		for range 100 {
			calls.begin(1000, nil)
		}
	}
	assert.Equal(t, codes.Unavailable, status.Code(c.callLogs(t, deepLogs(1))), "one more of the sender")
	require.Less(t, residentMB(t, c.PID()), 1000.0)
	f := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
	require.NoError(t, c.exportTraces(t, f.Spans()), "of another sender")
}
