package semconv_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// attrs are attributes in both representations.
type attrs map[string]any

func (a attrs) pdata(t testing.TB) semconv.Pdata {
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(a))
	return semconv.Pdata{Map: m}
}

func (a attrs) stored() (m signal.Map) {
	for key, v := range a {
		if i, ok := v.(int); ok {
			v = int64(i)
		}
		m = append(m, signal.KeyValue{Key: key, Value: signal.Value{Data: v}})
	}
	return m
}

// answers is all that semconv says of a record.
type answers struct {
	Status                                             semconv.Status
	HTTPMethod, HTTPRoute, URL                         string
	HTTP                                               bool
	RPCService, RPCMethod                              string
	DBSystem, DBNamespace, DBOperation, DBCollection   string
	DBStatus, SQLState                                 string
	MessagingSystem, MessagingOperation, Destination   string
	PeerSystem, PeerNamespace, PeerService, Host, Port string
	PeerPort                                           int64
	NamesPeer                                          bool
	Exception                                          semconv.Exception
	IsException                                        bool
	ErrorType, LoggedError                             string
	Operation                                          semconv.Operation
	Service, Version, Instance, Environment            string
	Place                                              semconv.CodePlace
	HasPlace                                           bool
}

func read[A interface {
	semconv.Attributes
	HasKey(func(string) bool) bool
}](a A) (got answers) {
	got.Status = semconv.StatusOf(a)
	got.HTTPMethod, got.HTTPRoute, got.URL, got.HTTP = semconv.HTTPMethod(a), semconv.HTTPRoute(a), semconv.URL(a), semconv.IsHTTP(a)
	got.RPCService, got.RPCMethod = semconv.RPCService(a), semconv.RPCMethod(a)
	got.DBSystem, got.DBNamespace, got.DBOperation, got.DBCollection = semconv.DBSystem(a), semconv.DBNamespace(a), semconv.DBOperation(a), semconv.DBCollection(a)
	got.DBStatus, got.SQLState = semconv.DBStatus(a), semconv.SQLState(a)
	got.MessagingSystem, got.MessagingOperation, got.Destination = semconv.MessagingSystem(a), semconv.MessagingOperation(a), semconv.MessagingDestination(a)
	got.PeerSystem, got.PeerNamespace, got.PeerService = semconv.PeerSystem(a), semconv.PeerNamespace(a), semconv.PeerService(a)
	got.Host, got.Port = semconv.PeerAddress(a)
	got.PeerPort, got.NamesPeer = semconv.PeerPort(a), semconv.NamesPeer(a)
	got.Exception, got.IsException = semconv.ExceptionOf(a), semconv.IsException("", a)
	got.ErrorType, got.LoggedError = semconv.ErrorType(a), semconv.LoggedError(a)
	got.Operation = semconv.OperationOf(a)
	got.Service, got.Version, got.Instance, got.Environment = semconv.Service(a), semconv.ServiceVersion(a), semconv.ServiceInstance(a), semconv.Environment(a)
	got.Place, got.HasPlace = semconv.CodePlaceOf(a)
	return got
}
