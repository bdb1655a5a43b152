package semconv

import (
	old "go.opentelemetry.io/otel/semconv/v1.20.0"
	now "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// Attribute names: of today's conventions, of those before the great renaming ("Old"), and of
// libraries with names of their own.
const (
	keyHTTPStatus    = string(now.HTTPResponseStatusCodeKey)
	keyHTTPStatusOld = string(old.HTTPStatusCodeKey)
	keyHTTPMethod    = string(now.HTTPRequestMethodKey)
	keyHTTPMethodOld = string(old.HTTPMethodKey)
	keyHTTPRoute     = string(now.HTTPRouteKey)
	keyURL           = string(now.URLFullKey)
	keyURLOld        = string(old.HTTPURLKey)
	keyHTTPTargetOld = string(old.HTTPTargetKey)
	keyURLPath       = string(now.URLPathKey)
	keyUserAgent     = string(now.UserAgentOriginalKey)
	keyUserAgentOld  = "http.user_agent"

	keyRPCSystem       = string(now.RPCSystemNameKey)
	keyRPCSystemOld    = string(old.RPCSystemKey)
	keyRPCServiceOld   = string(old.RPCServiceKey)
	keyRPCMethod       = string(now.RPCMethodKey)
	keyRPCStatusNext   = "rpc.status_code" // what replaces it
	keyRPCStatus       = string(now.RPCResponseStatusCodeKey)
	keyGRPCStatusOld   = string(old.RPCGRPCStatusCodeKey)
	keyGRPCStatus      = "grpc.status_code" // Envoy, .NET, Micrometer
	keyConnectErrorOld = string(old.RPCConnectRPCErrorCodeKey)

	keyDBSystem       = string(now.DBSystemNameKey)
	keyDBSystemOld    = string(old.DBSystemKey)
	keyDBNamespace    = string(now.DBNamespaceKey)
	keyDBNameOld      = string(old.DBNameKey)
	keyDBOperation    = string(now.DBOperationNameKey)
	keyDBOperationOld = string(old.DBOperationKey)
	keyDBCollection   = string(now.DBCollectionNameKey)
	keyDBTableOld     = string(old.DBSQLTableKey)
	keyDBQueryText    = string(now.DBQueryTextKey)
	keyDBStatementOld = string(old.DBStatementKey)
	keyDBStatus       = string(now.DBResponseStatusCodeKey)
	keySQLStatePgx    = "pgx.sql_state"          // otelpgx
	keySQLStateOfPG   = "db.postgresql.sqlstate" // PostgreSQL clients
	keySQLState       = "db.sqlstate"            // other SQL clients
	prefixDB          = "db."

	keyGraphQLOperation = string(now.GraphQLOperationNameKey)
	keyGraphQLType      = string(now.GraphQLOperationTypeKey)
	keyGraphQLDocument  = string(now.GraphQLDocumentKey)
	keyGraphQLSource    = "graphql.source"     // instrumentations of graphql-js
	keyGraphQLField     = "graphql.field.name" // the spans of their resolvers
	keyGraphQLPath      = "graphql.field.path"

	keyMessagingSystem       = string(now.MessagingSystemKey)
	keyMessagingOperation    = string(now.MessagingOperationTypeKey)
	keyMessagingName         = string(now.MessagingOperationNameKey)
	keyMessagingOperationOld = string(old.MessagingOperationKey)
	keyMessagingTemplate     = string(now.MessagingDestinationTemplateKey)
	keyMessagingDestination  = string(now.MessagingDestinationNameKey)
	keyMessageID             = string(now.MessagingMessageIDKey)

	keyAWSService       = "aws.service"        // of AWS X-Ray's SDKs and receivers
	keyTemporalActivity = "temporalActivityID" // of Temporal's interceptors

	keyServerAddress   = string(now.ServerAddressKey)
	keyClientAddress   = string(now.ClientAddressKey)
	keyServerPort      = string(now.ServerPortKey)
	keyNetworkPeer     = string(now.NetworkPeerAddressKey)
	keyServerSocket    = "server.socket.address"
	keyNetPeerNameOld  = string(old.NetPeerNameKey)
	keyNetPeerPortOld  = string(old.NetPeerPortKey)
	keyNetSockPeerName = string(old.NetSockPeerNameKey)
	keyNetSockPeerAddr = string(old.NetSockPeerAddrKey)
	keyNetPeerIP       = "net.peer.ip"
	keyUpstreamCluster = "upstream_cluster" // Envoy
	keyUpstreamName    = "upstream_cluster.name"
	keyResponseFlags   = "response_flags"
	keyPeerIPv4        = "peer.ipv4" // Node's dns.lookup
	keyPeerIPv6        = "peer.ipv6"
	keyPeerService     = string(now.ServicePeerNameKey)
	keyPeerServiceOld  = string(old.PeerServiceKey)

	keyExceptionType    = string(now.ExceptionTypeKey)
	keyExceptionMessage = string(now.ExceptionMessageKey)
	keyExceptionStack   = string(now.ExceptionStacktraceKey)
	keyExceptionEscaped = string(old.ExceptionEscapedKey)
	keyErrorType        = string(now.ErrorTypeKey)

	keyServiceName      = string(now.ServiceNameKey)
	keyServiceNamespace = string(now.ServiceNamespaceKey)
	keyCluster          = string(now.K8SClusterNameKey)
	keyLanguage         = string(now.TelemetrySDKLanguageKey)
	keyServiceVersion   = string(now.ServiceVersionKey)
	keyServiceInstance  = string(now.ServiceInstanceIDKey)
	keyPodUID           = string(now.K8SPodUIDKey)
	keyPodName          = string(now.K8SPodNameKey)
	keyDeployment       = string(now.K8SDeploymentNameKey)
	keyStatefulSet      = string(now.K8SStatefulSetNameKey)
	keyDaemonSet        = string(now.K8SDaemonSetNameKey)
	keyCronJob          = string(now.K8SCronJobNameKey)
	keyJob              = string(now.K8SJobNameKey)
	keyNodeName         = string(now.K8SNodeNameKey)
	keyContainer        = string(now.K8SContainerNameKey)
	keyFunction         = string(now.FaaSNameKey)
	keyObjectKind       = "k8s.object.kind" // of whom an event of Kubernetes tells
	keyObjectName       = "k8s.object.name"
	keyEventReason      = "k8s.event.reason"
	keyHostID           = string(now.HostIDKey)
	keyHostName         = string(now.HostNameKey)
	keyEnvironment      = string(now.DeploymentEnvironmentNameKey)
	keyEnvironmentOld   = string(old.DeploymentEnvironmentKey)

	keyLogFilePath      = string(now.LogFilePathKey)
	keyCodeFile         = string(now.CodeFilePathKey)
	keyCodeFileOld      = string(old.CodeFilepathKey)
	keyCodeLine         = string(now.CodeLineNumberKey)
	keyCodeLineOld      = string(old.CodeLineNumberKey)
	keyCodeNamespaceOld = string(old.CodeNamespaceKey)

	keyMeshSource              = "source" // Istio
	keyMeshSourceWorkload      = "source_workload"
	keyMeshDestination         = "destination"
	keyMeshDestinationWorkload = "destination_workload"
	keyMeshReporter            = "reporter"
)
