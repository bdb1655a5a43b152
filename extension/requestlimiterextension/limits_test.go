package requestlimiterextension

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

// raw sends bytes as they are over gRPC.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) ([]byte, error) { return v.([]byte), nil }

func (raw) Unmarshal([]byte, any) error { return nil }

const exportLogs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

// call exports bytes as logs over gRPC.
func (p *plant) call(body []byte) error {
	return p.dial().Invoke(p.t.Context(), exportLogs, body, new(any), grpc.ForceCodec(raw{}))
}

func field(number int, content []byte) []byte {
	b := binary.AppendUvarint(nil, uint64(number)<<3|2)
	b = binary.AppendUvarint(b, uint64(len(content)))
	return append(b, content...)
}

// deepLogs is a request of a log record with a body of so many lists, one in the other, between two
// others.
func deepLogs(levels int) []byte {
	reversed := make([]byte, 0, 10*levels)
	put := func(tag byte) {
		length := binary.AppendUvarint(nil, uint64(len(reversed)))
		for i := len(length) - 1; i >= 0; i-- {
			reversed = append(reversed, length[i])
		}
		reversed = append(reversed, tag)
	}
	for range levels {
		put(1<<3 | 2)
		put(5<<3 | 2)
	}
	for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
		reversed[i], reversed[j] = reversed[j], reversed[i]
	}
	neighbour := field(2, field(5, field(1, []byte("a neighbour"))))
	deep := field(2, field(5, reversed))
	return field(1, field(2, append(append(append([]byte{}, neighbour...), deep...), neighbour...)))
}

func deepLogsJSON(levels int) []byte {
	const neighbour = `{"body":{"stringValue":"a neighbour"}}`
	return []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + neighbour + `,{"body":` +
		strings.Repeat(`{"arrayValue":{"values":[`, levels) + strings.Repeat(`]}}`, levels) + `},` + neighbour + `]}]}]}`)
}

// Row 1 of what was found: it ended the process.
func TestDeepNestingIsCutAndItsNeighboursAreStored(t *testing.T) {
	const levels = 2_000_000
	sent := map[string]func(*plant){
		"gRPC": func(p *plant) { require.NoError(p.t, p.call(deepLogs(levels))) },
		"HTTP, protobuf": func(p *plant) {
			a := p.post("/v1/logs", protobufType, "zstd", compress(p.t, "zstd", deepLogs(levels)))
			require.Equal(p.t, http.StatusOK, a.status, a.body)
		},
		"HTTP, JSON": func(p *plant) {
			a := p.post("/v1/logs", jsonType, "zstd", compress(p.t, "zstd", deepLogsJSON(levels/3)))
			require.Equal(p.t, http.StatusOK, a.status, a.body)
		},
	}
	for name, send := range sent {
		t.Run(name, func(t *testing.T) {
			p := startPlant(t, nil)
			send(p)
			require.Len(t, p.logs.AllLogs(), 1)
			records := p.logs.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
			require.Equal(t, 3, records.Len())
			assert.Equal(t, "a neighbour", records.At(0).Body().Str())
			assert.Equal(t, "a neighbour", records.At(2).Body().Str())
			assert.Equal(t, map[string]any{otlpscan.AttributeCut: "nesting_depth"}, records.At(1).Attributes().AsRaw())
			assert.Zero(t, p.limiter.inFlight.Used())
			assert.Zero(t, p.limiter.bodies.Held())
		})
	}
}

// Row 2: 1,939 bytes took 4.7 GB, and were to be sent again.
func TestManyEmptyRecordsAreRefusedForGood(t *testing.T) {
	protobuf := field(1, field(2, bytes.Repeat([]byte{2<<3 | 2, 0}, 10_000_000)))
	json := []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}` + strings.Repeat(",{}", 6_000_000) + `]}]}]}`)
	p := startPlant(t, nil)

	a := p.post("/v1/logs", protobufType, "zstd", compress(t, "zstd", protobuf))
	assert.Equal(t, http.StatusRequestEntityTooLarge, a.status)
	assert.Contains(t, a.body, "records allows (250000)")
	a = p.post("/v1/logs", jsonType, "zstd", compress(t, "zstd", json))
	assert.Equal(t, http.StatusRequestEntityTooLarge, a.status)
	assert.JSONEq(t, `{"code":3,"message":"the request is larger than records allows (250000): send it in smaller parts"}`, a.body)
	err := p.call(protobuf)
	assert.Equal(t, codes.InvalidArgument, status.Code(err), err)
	assert.Empty(t, p.logs.AllLogs())
}

func TestBoundsOfTheRequest(t *testing.T) {
	p := startPlant(t, func(c *Config) { c.BodyBytes = 1 << 20 })
	t.Run("decompressed bytes", func(t *testing.T) {
		for _, encoding := range []string{"gzip", "zstd", "snappy", "lz4", "zlib"} {
			a := p.post("/v1/logs", jsonType, encoding, compress(t, encoding, bytes.Repeat([]byte(" "), 1<<20+1)))
			assert.Equal(t, http.StatusRequestEntityTooLarge, a.status, encoding)
		}
	})
	t.Run("a zstd window", func(t *testing.T) {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithWindowSize(512<<20), zstd.WithSingleSegment(false))
		require.NoError(t, err)
		_, err = w.Write([]byte("{}"))
		require.NoError(t, err)
		require.NoError(t, w.Flush()) // so that the frame does not tell its size
		_, err = w.Write([]byte(" "))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		a := p.post("/v1/logs", jsonType, "zstd", b.Bytes())
		assert.Equal(t, http.StatusBadRequest, a.status)
		assert.Contains(t, a.body, "window size exceeded")
	})
	t.Run("what cannot be read", func(t *testing.T) {
		a := p.post("/v1/logs", protobufType, "", []byte{0xff})
		assert.Equal(t, http.StatusBadRequest, a.status)
		a = p.post("/v1/logs", jsonType, "br", []byte("{}"))
		assert.Equal(t, http.StatusBadRequest, a.status)
		assert.Equal(t, codes.InvalidArgument, status.Code(p.call([]byte{0xff})))
	})
	t.Run("another path", func(t *testing.T) {
		assert.Equal(t, http.StatusNotFound, p.post("/v1/other", jsonType, "", []byte("{}")).status)
	})
	t.Run("another type", func(t *testing.T) {
		assert.Equal(t, http.StatusUnsupportedMediaType, p.post("/v1/logs", "text/plain", "", []byte("{}")).status)
	})
}

func compress(t testing.TB, encoding string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch encoding {
	case "gzip":
		w := gzip.NewWriter(&b)
		_, err = w.Write(body)
		require.NoError(t, w.Close())
	case "zstd":
		w, failed := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
		require.NoError(t, failed)
		_, err = w.Write(body)
		require.NoError(t, w.Close())
	case "zlib", "deflate":
		w := zlib.NewWriter(&b)
		_, err = w.Write(body)
		require.NoError(t, w.Close())
	case "snappy":
		return snappy.Encode(nil, body)
	case "x-snappy-framed":
		w := snappy.NewBufferedWriter(&b)
		_, err = w.Write(body)
		require.NoError(t, w.Close())
	case "lz4":
		w := lz4.NewWriter(&b)
		_, err = w.Write(body)
		require.NoError(t, w.Close())
	}
	require.NoError(t, err)
	return b.Bytes()
}

// What public reports call the largest honest telemetry passes, and unchanged.
func TestLargeHonestTelemetryPasses(t *testing.T) {
	p := startPlant(t, nil)
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := range 50_000 {
		s := spans.AppendEmpty()
		s.SetTraceID([16]byte{1})
		s.SetName("GET /inventory/{item_id}")
		for a := range 10 {
			s.Attributes().PutStr(fmt.Sprintf("span.attribute.%d", a), fmt.Sprintf("value %d", i))
		}
	}
	for range 1000 {
		spans.At(0).Links().AppendEmpty().SetTraceID([16]byte{2})
	}
	_, err := ptraceotlp.NewGRPCClient(p.dial()).Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(td))
	require.NoError(t, err)
	assert.Equal(t, td, p.traces.AllTraces()[0])

	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 10 {
		records.AppendEmpty().Body().SetStr(strings.Repeat("\tat com.example.Checkout.pay(Checkout.java:42)\n", 1_000_000/48))
	}
	md := pmetric.NewMetrics()
	histogram := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptyHistogram().DataPoints()
	for range 100 {
		d := histogram.AppendEmpty()
		d.BucketCounts().FromRaw(make([]uint64, 500))
		d.ExplicitBounds().FromRaw(make([]float64, 499))
	}
	for _, encoding := range []string{"", "gzip", "zstd", "zlib", "deflate", "snappy", "x-snappy-framed", "lz4"} {
		p.logs.Reset()
		p.metrics.Reset()
		body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalJSON()
		require.NoError(t, err)
		if encoding != "" {
			body = compress(t, encoding, body)
		}
		a := p.post("/v1/logs", jsonType, encoding, body)
		require.Equal(t, http.StatusOK, a.status, "%s %s", encoding, a.body)
		assert.Equal(t, ld, p.logs.AllLogs()[0])

		body, err = pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
		require.NoError(t, err)
		if encoding != "" {
			body = compress(t, encoding, body)
		}
		a = p.post("/v1/metrics", protobufType, encoding, body)
		require.Equal(t, http.StatusOK, a.status, "%s %s", encoding, a.body)
		assert.Equal(t, md, p.metrics.AllMetrics()[0])
	}
}
