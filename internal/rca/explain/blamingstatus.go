package explain

import "github.com/prodsentinel/prodsentinel/internal/semconv"

// IsCallersBusiness reports whether the answer only says that the caller asked for something wrong,
// which is no error of the call (section 2).
func IsCallersBusiness(a semconv.Status) bool {
	switch a.HTTP {
	case 400, 402, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 422, 423, 424, 426, 428, 431, 451:
		return true
	case 0:
	default:
		return false
	}
	switch a.RPC {
	case semconv.InvalidArgument, semconv.NotFound, semconv.AlreadyExists, semconv.FailedPrecondition, semconv.OutOfRange:
		return true
	}
	return false
}

// blamesCaller reports whether the answer lays the failure on whoever asked: a 4xx, but for the 499 of one
// who left.
func blamesCaller(a semconv.Status) bool {
	switch a.RPC {
	case semconv.Unauthenticated, semconv.PermissionDenied, semconv.ResourceExhausted:
		return true
	}
	return a.HTTP >= 400 && a.HTTP < 499 || IsCallersBusiness(a)
}
