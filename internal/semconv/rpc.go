package semconv

import "strings"

// RPCStatus is how an RPC was answered: the registered name of a gRPC status such as UNAVAILABLE,
// which Connect shares, or the name that another system gives. "" means that no answer is recorded.
type RPCStatus string

// The statuses of gRPC, by their numbers.
const (
	OK                 RPCStatus = "OK"
	Cancelled          RPCStatus = "CANCELLED"
	Unknown            RPCStatus = "UNKNOWN"
	InvalidArgument    RPCStatus = "INVALID_ARGUMENT"
	DeadlineExceeded   RPCStatus = "DEADLINE_EXCEEDED"
	NotFound           RPCStatus = "NOT_FOUND"
	AlreadyExists      RPCStatus = "ALREADY_EXISTS"
	PermissionDenied   RPCStatus = "PERMISSION_DENIED"
	ResourceExhausted  RPCStatus = "RESOURCE_EXHAUSTED"
	FailedPrecondition RPCStatus = "FAILED_PRECONDITION"
	Aborted            RPCStatus = "ABORTED"
	OutOfRange         RPCStatus = "OUT_OF_RANGE"
	Unimplemented      RPCStatus = "UNIMPLEMENTED"
	Internal           RPCStatus = "INTERNAL"
	Unavailable        RPCStatus = "UNAVAILABLE"
	DataLoss           RPCStatus = "DATA_LOSS"
	Unauthenticated    RPCStatus = "UNAUTHENTICATED"
)

// grpcStatuses holds the statuses of gRPC at their numbers.
var grpcStatuses = [...]RPCStatus{
	OK, Cancelled, Unknown, InvalidArgument, DeadlineExceeded, NotFound, AlreadyExists, PermissionDenied,
	ResourceExhausted, FailedPrecondition, Aborted, OutOfRange, Unimplemented, Internal, Unavailable,
	DataLoss, Unauthenticated,
}

// IsRegistered reports whether gRPC knows the status.
func (s RPCStatus) IsRegistered() bool {
	for _, known := range grpcStatuses {
		if s == known {
			return true
		}
	}
	return false
}

// StatusOfRPC returns how an RPC was answered. It allocates only for names that gRPC does not know.
func StatusOfRPC[A Attributes](attrs A) RPCStatus {
	for _, key := range [...]string{keyRPCStatus, keyRPCStatusNext, keyGRPCStatusOld, keyGRPCStatus, keyConnectErrorOld} {
		name, number, isNumber := attrs.Code(key)
		switch s := RPCStatusNumbered(number); {
		case !isNumber && name != "":
			return RPCStatusNamed(name)
		case isNumber && s != "":
			return s
		case isNumber && number < 0 && name != "": // an error of JSON-RPC
			return RPCStatus(name)
		}
	}
	return ""
}

// RPCStatusNumbered returns the status of a gRPC number, "" where gRPC has no such number.
func RPCStatusNumbered(number int64) RPCStatus {
	if number < 0 || number >= int64(len(grpcStatuses)) {
		return ""
	}
	return grpcStatuses[number]
}

// RPCStatusNamed returns the status of a name, however it is spelled: PERMISSION_DENIED,
// PermissionDenied and permission_denied are one. It allocates only for names that gRPC does not
// know, which come back in capitals.
func RPCStatusNamed(name string) RPCStatus {
	if equalLetters(name, "CANCELED") {
		return Cancelled
	}
	for _, known := range grpcStatuses {
		if equalLetters(name, string(known)) {
			return known
		}
	}
	return RPCStatus(strings.ToUpper(name))
}

// equalLetters compares names without regard to case and to what separates their words.
func equalLetters(a, b string) bool {
	for {
		a, b = strings.TrimLeft(a, "_- "), strings.TrimLeft(b, "_- ")
		if a == "" || b == "" {
			return a == b
		}
		if a[0] != b[0] && a[0]|0x20 != b[0]|0x20 {
			return false
		}
		a, b = a[1:], b[1:]
	}
}

// RPCService returns the full name of the service that an RPC asks, where it is recorded apart
// from the method.
func RPCService[A Attributes](attrs A) string { return attrs.Str(keyRPCServiceOld) }

// CloudService returns the service of a cloud that a call asks, as the SDKs of clouds record it.
func CloudService[A Attributes](attrs A) string {
	return firstStr(attrs, keyRPCServiceOld, keyAWSService)
}

// RPCMethod returns the method that an RPC asks for.
func RPCMethod[A Attributes](attrs A) string { return attrs.Str(keyRPCMethod) }

// isRPC reports whether attributes are those of an RPC.
func isRPC[A Attributes](attrs A) bool {
	return firstStr(attrs, keyRPCSystemOld, keyRPCSystem, keyRPCMethod) != ""
}
