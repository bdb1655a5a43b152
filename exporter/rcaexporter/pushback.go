package rcaexporter

import (
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// How long a client is asked to wait before it sends again, at least; maxRetry bounds that. HTTP knows whole
// seconds only.
const (
	retryBusy        = time.Second
	retryUnavailable = 5 * time.Second
	maxRetry         = 10 * time.Second
)

// pushback is an error that tells the client to send the same request again later. Receivers turn
// it into gRPC UNAVAILABLE with RetryInfo, or HTTP 503 with Retry-After.
type pushback struct {
	cause  error
	status *status.Status
}

// newPushback asks to wait for a random time from least to twice that and two seconds: clients that are refused
// together must not come again together.
func newPushback(cause error, least time.Duration) error {
	least = min(least, maxRetry)
	after := least + rand.N(least+2*time.Second) //nolint:gosec // no secret
	s := status.New(codes.Unavailable, cause.Error())
	if detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)}); err == nil {
		s = detailed
	}
	return consumererror.NewOTLPGRPCError(&pushback{cause: cause, status: s}, s)
}

func (p *pushback) Error() string              { return p.cause.Error() }
func (p *pushback) Unwrap() error              { return p.cause }
func (p *pushback) GRPCStatus() *status.Status { return p.status }
