package rca

import "github.com/prodsentinel/prodsentinel/internal/incident"

// trait says what a piece of evidence means for the rules, beyond its category.
type trait int

const (
	traitNone      trait = iota
	traitTransport       // a call failed before any response
	traitPeerError       // the peer answered with an error of its own
	traitResource        // a resource of the service itself ran out
	traitRefusal         // the peer refused the request
	traitTimeout         // a deadline passed
	traitCancel          // the caller left
	traitProgram         // a programming or data error
	traitException       // an exception that says nothing more
)

// sign is a mark by which evidence of a reason is told in messages and exception types.
type sign struct {
	rank     int // smaller is more specific
	category incident.Category
	trait    trait
	class    incident.Class
	resource string // for traitResource
	system   string // the database system the mark betrays
	marks    []string
}

// Ranks order reasons by section 7: the most specific evidence wins.
const (
	rankCertificate = iota + 1
	rankDNS
	rankUnavailable
	rankAuthentication
	rankAuthorization
	rankRateLimited
	rankPool
	rankConnectTimeout // below rankPool: waiting for a pool is told in the same words
	rankLock
	rankDatabase
	rankResource
	rankCapacity
	rankBadData
	rankProgram
	rankNetwork
	rankPeerError
	rankTimeout
	rankCancel
	rankException
	rankUnknown
)

// signs are tried in order; marks are lower case and matched anywhere in the lower-cased text, those
// that begin with ^ only where no letter or digit comes before.
// The wording is that of the libraries and servers that write these messages.
var signs = []sign{
	{rankCertificate, incident.CategoryCertificate, traitTransport, incident.ClassUnavailable, "", "", []string{
		"x509:", "certificate has expired", "certificate verify failed", "certificate signed by unknown authority",
		"unable to verify the first certificate", "self signed certificate", "self-signed certificate",
		"cert_has_expired", "pkix path", "certpathvalidatorexception", "certificateexpiredexception", "certificate is not trusted",
		"sslpeerunverifiedexception", "tls: bad certificate", "certificate_verify_failed", "certificate required",
		"remote certificate is invalid", "err_tls_cert", "unknown certificate authority", "ssl certificate problem", "unable to get local issuer certificate",
		"unable_to_get_issuer_cert", "ssl connection could not be established", "secure_connection_error", "system.security.authentication.authenticationexception",
	}},
	{rankDNS, incident.CategoryDNS, traitTransport, incident.ClassUnavailable, "", "", []string{
		"no such host", "unknownhostexception", "enotfound", "eai_again", "name or service not known",
		"temporary failure in name resolution", "nodename nor servname", "nameresolutionerror", "could not translate host name",
		"nxdomain", "server misbehaving", "dns resolution failed", "failed to resolve host", "name resolution failure",
		"name does not resolve", "could not resolve host", "^gaierror", "name_resolution_error", "dial tcp: lookup",
	}},
	{rankUnavailable, incident.CategoryDependencyUnavailable, traitTransport, incident.ClassUnavailable, "", "mysql", []string{
		"communications link failure", "can't connect to mysql", "lost connection to mysql", "mysql server has gone away",
	}},
	{rankUnavailable, incident.CategoryDependencyUnavailable, traitTransport, incident.ClassUnavailable, "", "redis", []string{
		"redisconnectionexception", "redisconnectionfailureexception", "jedisconnectionexception", "loading redis is loading", "^clusterdown",
	}},
	{rankUnavailable, incident.CategoryDependencyUnavailable, traitTransport, incident.ClassUnavailable, "", "mongodb", []string{
		"mongosocketopenexception", "mongosocketreadexception", "mongosocketexception", "while waiting for a server that matches", "serverselectionerror", "no server chosen by", "mongonetworkerror",
		"serverselectiontimeout", "server selection error", "server selection timeout", "selecting a server using",
	}},
	{rankUnavailable, incident.CategoryDependencyUnavailable, traitTransport, incident.ClassUnavailable, "", "postgresql", []string{
		"the database system is starting up", "the database system is shutting down",
		"terminating connection due to administrator command",
	}},
	{rankUnavailable, incident.CategoryDependencyUnavailable, traitTransport, incident.ClassUnavailable, "", "", []string{
		"connection refused", "econnrefused", "actively refused", "no instances available for", "does not contain an instance for",
		"does not have available server for", "no servers available for service", "no healthy upstream", "no live upstreams", "no available server",
		"no route to host", "ehostunreach", "network is unreachable", "enetunreach", "host is unreachable",
		"connection reset", "econnreset", "socket hang up", "remote end closed connection", "server closed the connection unexpectedly",
		"server disconnected", "connection closed before", "upstream connect error", "nohttpresponseexception", "failed to respond",
		"unexpected eof", "server unexpectedly closed", "connectionerror: ", "could not connect to", "failed to connect to",
		"failed to establish a new connection", "unable to connect to", "cannot connect to", "no broker", "brokernotavailable", "broker not available",
		"nonodeavailable", "no nodes available", "all shards failed to connect", "und_err_socket", "java.net.connectexception", "httphostconnectexception", "httpx.connecterror", "all connection attempts failed",
		"empty reply from server", "\": eof", "server closed idle connection", "driver: bad connection", "typeerror: fetch failed", "^connection_error", "^response_ended",
		"network-related or instance-specific error", "broker transport failure", "broker connections are down", "ssl handshake", "sslhandshakeexception",
		"tls handshake", "ssl routines", "callnotpermittedexception", "brokencircuitexception", "circuit breaker is open", "circuit is open", "circuit is now open", "breaker is open",
		"code = unavailable", "statuscode.unavailable", "statusruntimeexception: unavailable", "^14 unavailable",
	}},
	{rankAuthentication, incident.CategoryAuthentication, traitRefusal, incident.ClassRefused, "", "", []string{
		"code = unauthenticated", "statuscode.unauthenticated", "statusruntimeexception: unauthenticated", "^16 unauthenticated",
		"password authentication failed", "access denied for user", "authentication failed", "noauth authentication required",
		"^wrongpass", "login failed for user", "^ora-01017", "invalid_grant", "expiredtokenexception", "sasl authentication",
		"badcredentialsexception", "proxy authentication required", "expiredjwtexception", "jwt expired", "token has expired", "jwt signature does not match", "access_refused", "login was refused",
	}},
	{rankAuthorization, incident.CategoryAuthorization, traitRefusal, incident.ClassRefused, "", "", []string{
		"code = permissiondenied", "statuscode.permission_denied", "statusruntimeexception: permission_denied", "^7 permission_denied",
		"accessdeniedexception", "access is denied", "permission denied for", "authorizationexception", "authorization failed", "accessdenied)", "not authorized to perform",
	}},
	{rankRateLimited, incident.CategoryRateLimited, traitPeerError, incident.ClassResource, "", "", []string{
		"too many requests", "rate limit", "ratelimit", "code = resourceexhausted", "resource_exhausted", "throttlingexception",
		"throughputexceeded", "slowdown (503)", "(slowdown)", "reduce your request rate", "toomanyrequests", "rate exceeded", "requestlimitexceeded", "quota exceeded", "quotaexceeded", "request was throttled",
	}},
	{rankPool, incident.CategoryConnectionPoolExhausted, traitResource, incident.ClassResource, "connection_pool", "", []string{
		"connection is not available, request timed out after", "queuepool limit", "acquiring a connection. the pool is probably full",
		"resourcerequest timed out", "pool exhausted", "pool is exhausted", "pool timeout", "pooltimeout", "connectionpooltimeoutexception",
		"waiting for connection from pool", "waiting for idle object", "cannot get a connection, pool", "could not get a resource from the pool",
		"obtaining a connection from the pool", "max pool size was reached", "a new connection from the connection pool", "mongowaitqueuefull",
		"waiting for a connection from the pool", "pool#acquire", "poolacquiretimeout", "couldn't get a connection after", "connection pool is full",
		"connection pool saturated", "acquire a connection from pool", "acquire connection from pool", "timeout waiting for connection", "pool saturated",
		"poolexhausted", "no connections available in pool", "connection pool limit", "obtain a connection from the pool", "checking out a connection", "mongowaitqueuetimeout",
	}},
	{rankConnectTimeout, incident.CategoryDependencyUnavailable, traitTransport, incident.ClassUnavailable, "", "", []string{
		"connect timed out", "connection timed out", "connecttimeout", "connect timeout", "connection attempt timed out", "timeout expired connecting",
		"und_err_connect_timeout", "opentimeout", "connect etimedout", "connection attempt failed because the connected party", "while connecting to upstream",
	}},
	{rankLock, incident.CategoryDatabaseLock, traitPeerError, incident.ClassData, "", "postgresql", []string{
		"lock timeout (sqlstate", "due to lock timeout", "could not obtain lock on",
	}},
	{rankLock, incident.CategoryDatabaseLock, traitPeerError, incident.ClassData, "", "mysql", []string{
		"lock wait timeout exceeded", "deadlock found when trying to get lock",
	}},
	{rankLock, incident.CategoryDatabaseLock, traitPeerError, incident.ClassData, "", "oracle", []string{"^ora-00060", "^ora-00054"}},
	{rankLock, incident.CategoryDatabaseLock, traitPeerError, incident.ClassData, "", "sqlite", []string{
		"database is locked", "database table is locked", "sqlite_busy",
	}},
	{rankLock, incident.CategoryDatabaseLock, traitPeerError, incident.ClassData, "", "", []string{
		"deadlock detected", "deadlocked on lock", "lock request time out", "lockacquisitionexception", "cannotacquirelockexception",
		"pessimisticlockexception", "locktimeoutexception", "deadlockloserdataaccessexception", "could not serialize access",
		"lock acquire timed out",
	}},
	{rankDatabase, incident.CategoryDatabaseError, traitPeerError, incident.ClassResource, "", "", []string{
		"too many connections", "too many clients", "remaining connection slots are reserved", "max number of clients reached",
	}},
	{rankDatabase, incident.CategoryResourceMemory, traitPeerError, incident.ClassResource, "", "redis", []string{"oom command not allowed"}},
	{rankDatabase, incident.CategoryDatabaseError, traitPeerError, incident.ClassTimeout, "", "", []string{
		"due to statement timeout", "statement timeout", "query execution was interrupted, maximum statement execution time",
	}},
	{rankDatabase, incident.CategoryDatabaseError, traitPeerError, incident.ClassData, "", "postgresql", []string{"psqlexception: error", "^pq: ", "^pg::"}},
	{rankDatabase, incident.CategoryDatabaseError, traitPeerError, incident.ClassData, "", "mysql", []string{"duplicate entry", "mysqlsyntaxerror", "mysqlintegrityconstraint", "mysqldatatruncation"}},
	{rankDatabase, incident.CategoryDatabaseError, traitPeerError, incident.ClassData, "", "oracle", []string{"^ora-0", "^ora-1", "^ora-2"}},
	{rankDatabase, incident.CategoryDatabaseError, traitPeerError, incident.ClassData, "", "mongodb", []string{"mongoservererror", "mongowriteexception", "mongocommandexception", "e11000 duplicate key"}},
	{rankDatabase, incident.CategoryDatabaseError, traitPeerError, incident.ClassData, "", "", []string{
		"sqlsyntaxerrorexception", "sqlintegrityconstraintviolationexception", "dataintegrityviolationexception", "badsqlgrammarexception",
		"duplicate key value", "violates foreign key", "violates unique", "violates not-null", "violates check",
		"sqlgrammarexception", "constraintviolationexception: could not execute", "sqltransientexception", "sqlnontransientexception",
		"integrityerror", "operationalerror", "programmingerror", "^sql error", "^error 1045", "query_shard_exception",
	}},
	{rankResource, incident.CategoryResourceMemory, traitResource, incident.ClassResource, "memory", "", []string{
		"outofmemoryerror", "out of memory", "enomem", "cannot allocate memory", "oomkilled", "java heap space", "gc overhead limit",
		"^memoryerror", "outofmemoryexception", "allocation failed - javascript heap", "allowed memory size of",
	}},
	{rankResource, incident.CategoryResourceDisk, traitResource, incident.ClassResource, "disk", "", []string{
		"no space left on device", "^enospc", "disk full", "disk quota exceeded", "read-only file system", "^erofs", "not enough space on the disk",
	}},
	{rankResource, incident.CategoryResourceCPU, traitResource, incident.ClassResource, "cpu", "", []string{
		"cpu contended", "cpu throttl", "cpu saturat", "cpu quota exceeded",
	}},
	{rankCapacity, incident.CategoryCapacity, traitResource, incident.ClassResource, "threads", "", []string{
		"unable to create new native thread", "unable to create native thread", "rejectedexecutionexception", "thread pool is exhausted", "thread pool exhausted",
		"threadpool is exhausted", "worker pool saturated", "bulkheadfullexception", "can't start new thread", "no threads available", "not enough free threads",
	}},
	{rankCapacity, incident.CategoryCapacity, traitResource, incident.ClassResource, "file_descriptors", "", []string{
		"too many open files", "^emfile", "^enfile",
	}},
	{rankCapacity, incident.CategoryCapacity, traitResource, incident.ClassResource, "capacity", "", []string{
		"server overloaded", "shedding load", "queue is full", "queue full", "load shed", "overloaded, rejecting",
	}},
	{rankBadData, incident.CategoryBadData, traitProgram, incident.ClassException, "", "", []string{
		"jsonparseexception", "jsondecodeerror", "jsonmappingexception", "mismatchedinputexception", "invalidformatexception",
		"httpmessagenotreadableexception", "numberformatexception", "datetimeparseexception", "parseexception", "parse_exception", "^parse error",
		"methodargumentnotvalidexception", "methodargumenttypemismatchexception", "constraintviolationexception", "validationerror", "validationexception",
		"validation failed", "invalid character", "cannot unmarshal", "unexpected end of json input", "^unexpected token", "unmarshalexception", "unicodedecodeerror",
		"invalid literal for int", "could not convert string to", "strconv.parse", "^malformed", "illegalformatexception", "saxparseexception",
		"valueinstantiationexception", "unrecognizedpropertyexception", "formatexception",
	}},
	{rankProgram, incident.CategoryCodeException, traitProgram, incident.ClassException, "", "", []string{
		"nullpointerexception", "nullreferenceexception", "invalid memory address or nil pointer dereference", "assignment to entry in nil map",
		"indexoutofbounds", "index out of range", "^indexerror", "^keyerror", "^typeerror", "attributeerror", "classcastexception", "invalidcastexception",
		"arithmeticexception", "zerodivisionerror", "dividebyzeroexception", "integer divide by zero", "assertionerror", "assertionfailed",
		"interface conversion", "slice bounds out of range", "nosuchelementexception", "nomethoderror", "undefinedmethoderror", "unboundlocalerror",
		"^nameerror", "referenceerror", "^rangeerror", "concurrent map", "concurrentmodificationexception", "stackoverflowerror", "negativearraysizeexception",
		"arraystoreexception", "nosuchmethoderror", "noclassdeffounderror", "classnotfoundexception", "is not a function", "cannot read properties of",
	}},
	{rankNetwork, incident.CategoryNetwork, traitTransport, incident.ClassUnavailable, "", "", []string{
		"packet loss", "network partition", "network unreachable",
	}},
	{rankTimeout, incident.CategoryTimeout, traitTimeout, incident.ClassTimeout, "", "", []string{
		"deadline exceeded", "deadlineexceeded", "deadline_exceeded", "exceeded deadline", "timed out", "timeout", "time-out", "etimedout", "deadline passed", "maximum execution time of",
	}},
	{rankCancel, incident.CategoryUnknown, traitCancel, "", "", "", []string{
		"context canceled", "context cancelled", "code = canceled", "statuscode.cancelled", "statusruntimeexception: cancelled", "^1 cancelled", "cancellederror", "cancellationexception",
		"taskcanceledexception", "operationcanceledexception", "operation was canceled", "clientabortexception", "broken pipe", "^epipe",
		"client disconnected", "client has disconnected", "clientdisconnect", "client closed request", "aborterror", "request aborted", "asyncrequestnotusableexception", "eofexception: closed",
	}},
}

// inText tells whether the words of a record say so, not only a code or the kind of span.
func (s *sign) inText() bool { return len(s.marks) > 0 }
