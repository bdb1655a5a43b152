package requestlimiterextension

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"go.opentelemetry.io/collector/client"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that is wrapped
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/requester"
)

const (
	// handshakeTimeout bounds how long a connection may take to become one of HTTP/2.
	handshakeTimeout = 10 * time.Second
	// maxMetadataBytes bounds the metadata of a call, as listeners of HTTP bound headers. gRPC itself
	// allows 16 MiB.
	maxMetadataBytes = 64 << 10
)

// GetGRPCServerOptions returns what makes a gRPC server hold calls to the limits. A tap counts the calls
// whose message is not complete. The codec only puts a message aside; an interceptor, which runs after
// that of the authenticator, walks and decodes it.
func (l *limiter) GetGRPCServerOptions(context.Context) ([]grpc.ServerOption, error) {
	l.calls.watching.Do(func() { go l.calls.watchMemory(liveMemory) })
	pool := &countedPool{BufferPool: mem.DefaultBufferPool(), calls: l.calls}
	g := &grpcLimiter{limiter: l, proto: encoding.GetCodecV2("proto"), pool: pool}
	return []grpc.ServerOption{
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.MaxHeaderListSize(maxMetadataBytes),
		grpc.InTapHandle(g.begin),
		grpc.StatsHandler(g),
		grpc.ForceServerCodecV2(g),
		grpc.ChainUnaryInterceptor(g.intercept),
		experimental.BufferPool(pool),
	}, nil
}

// grpcLimiter is the codec, tap and interceptor of one gRPC server.
type grpcLimiter struct {
	*limiter
	proto encoding.CodecV2
	pool  mem.BufferPool
	// encoded holds messages put aside by the codec, which does not know their call, by what they are to
	// be decoded into. The event that follows takes them to their call.
	encoded sync.Map
}

// begin runs when the headers of a call have come. It refuses the call if its sender has too many
// already whose message is not complete.
func (g *grpcLimiter) begin(ctx context.Context, info *tap.Info) (context.Context, error) {
	if from, ok := grpcpeer.FromContext(ctx); ok {
		ctx = client.NewContext(ctx, client.Info{Addr: from.Addr})
	}
	sender := requester.Of(g.proxies.Identify(ctx, info.Header.Get(requester.ForwardedFor)))
	ctx, cancel := context.WithCancel(ctx)
	c := g.calls.begin(sender, cancel)
	if c == nil {
		cancel()
		g.refused(ctx, errBusy)
		return ctx, unavailable(errBusy)
	}
	context.AfterFunc(ctx, func() { g.calls.complete(c) })
	return context.WithValue(ctx, callKey{}, c), nil
}

// Name is that of the wrapped codec.
func (g *grpcLimiter) Name() string { return g.proto.Name() }

// Marshal is that of the wrapped codec.
func (g *grpcLimiter) Marshal(v any) (mem.BufferSlice, error) { return g.proto.Marshal(v) }

// Unmarshal puts an export request aside, and decodes anything else.
func (g *grpcLimiter) Unmarshal(data mem.BufferSlice, v any) error {
	if _, ok := signalOfRequest(v); !ok {
		return g.proto.Unmarshal(data, v)
	}
	if before, ok := g.encoded.Swap(v, data.MaterializeToBuffer(g.pool)); ok {
		before.(mem.Buffer).Free()
	}
	return nil
}

// signalOfRequest goes by the name of the type, as pdata's is internal.
func signalOfRequest(v any) (otlpscan.Signal, bool) {
	switch t := reflect.TypeOf(v); {
	case t == nil || t.Kind() != reflect.Pointer:
		return 0, false
	default:
		switch t.Elem().Name() {
		case "ExportTraceServiceRequest":
			return otlpscan.Traces, true
		case "ExportLogsServiceRequest":
			return otlpscan.Logs, true
		case "ExportMetricsServiceRequest":
			return otlpscan.Metrics, true
		}
		return 0, false
	}
}

// TagRPC does nothing: begin has put the call into the context.
func (*grpcLimiter) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC takes a message that the codec has put aside to its call, and frees what a call leaves that
// ended early. All of it, the codec and the interceptor run in one goroutine of the call's.
func (g *grpcLimiter) HandleRPC(ctx context.Context, event stats.RPCStats) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return
	}
	switch event := event.(type) {
	case *stats.InPayload:
		if message, ok := g.encoded.LoadAndDelete(event.Payload); ok {
			c.message, c.target = message.(mem.Buffer), event.Payload
		}
	case *stats.End:
		c.free()
		if second, ok := g.encoded.LoadAndDelete(c.target); ok { // a call has one message only
			second.(mem.Buffer).Free()
		}
	}
}

// TagConn does nothing.
func (*grpcLimiter) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn does nothing.
func (*grpcLimiter) HandleConn(context.Context, stats.ConnStats) {}

// intercept decodes the request, if it is within the limits and there is room for it.
func (g *grpcLimiter) intercept(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return handle(ctx, request)
	}
	g.calls.complete(c)
	if c.message == nil {
		return handle(ctx, request)
	}
	md, _ := metadata.FromIncomingContext(ctx)
	ctx = g.proxies.Identify(ctx, md.Get(requester.ForwardedFor))
	release, err := g.decode(ctx, c.message.ReadOnlyData(), request)
	c.free() // before the request waits for its commit
	if err != nil {
		g.refused(ctx, err)
		return nil, statusOf(err)
	}
	defer release()
	return handle(ctx, request)
}

// decode decodes a message that is within the limits into request.
func (g *grpcLimiter) decode(ctx context.Context, message []byte, request any) (release func(), err error) {
	signal, _ := signalOfRequest(request)
	result, err := g.scan(ctx, otlpscan.Protobuf, signal, message)
	if err != nil {
		return nil, err
	}
	key := requester.Of(ctx)
	if !g.inFlight.Take(key, result.DecodedBytes) {
		return nil, errBusy
	}
	release = func() { g.inFlight.Return(key, result.DecodedBytes) }
	if err := g.proto.Unmarshal(mem.BufferSlice{mem.SliceBuffer(result.Body)}, request); err != nil {
		release()
		return nil, errors.Join(otlpscan.ErrMalformed, err)
	}
	return release, nil
}

// statusOf is what a call is answered: one that is retried only where that can help.
func statusOf(err error) error {
	if errors.Is(err, errBusy) {
		return unavailable(err)
	}
	return status.Error(codes.InvalidArgument, err.Error())
}

// unavailable asks the sender to come back, each at another time.
func unavailable(err error) error {
	s := status.New(codes.Unavailable, err.Error())
	if detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(listener.RetryDelay())}); err == nil {
		s = detailed
	}
	return s.Err()
}
