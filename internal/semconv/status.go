package semconv

import "strconv"

// Status is the answer that a record carries: an HTTP status, an RPC status, both or none.
type Status struct {
	HTTP int // 0 where none is recorded
	RPC  RPCStatus
	// IsProxys is set if a proxy answered because it had no answer of the peer.
	IsProxys bool
}

// IsKnown reports whether an answer is recorded.
func (s Status) IsKnown() bool { return s.HTTP != 0 || s.RPC != "" }

// IsFailure reports whether the answer says of itself that the request failed.
func (s Status) IsFailure() bool { return s.HTTP >= 400 || s.RPC != "" && s.RPC != OK }

// IsFromPeer reports whether the answer came from the peer, whatever the clocks say: some statuses of
// RPCs are made by the client.
func (s Status) IsFromPeer() bool {
	if s.IsProxys {
		return false
	}
	if s.HTTP != 0 {
		return true
	}
	switch s.RPC {
	case "", Unavailable, DeadlineExceeded, Cancelled:
		return false
	}
	return true
}

// IsServerFailure reports whether the answer says that the server failed, and not that it was asked
// for something that it does not give.
func (s Status) IsServerFailure() bool {
	switch s.RPC {
	case Unknown, DeadlineExceeded, Unimplemented, Internal, Unavailable, DataLoss:
		return true
	}
	return s.HTTP >= 500
}

// IsRefusal reports whether the answer says, by its protocol, that whoever asks is not
// authenticated or not allowed to.
func (s Status) IsRefusal() bool {
	switch s.HTTP {
	case 401, 403, 407:
		return true
	}
	return s.RPC == Unauthenticated || s.RPC == PermissionDenied
}

// IsThrottling reports whether the answer says, by its protocol, that too much was asked for.
func (s Status) IsThrottling() bool { return s.HTTP == 429 || s.RPC == ResourceExhausted }

// StatusOf returns the answer that attributes carry, the one that error.type repeats where no
// other is recorded.
func StatusOf[A Attributes](attrs A) Status {
	s := Status{HTTP: HTTPStatus(attrs), RPC: StatusOfRPC(attrs), IsProxys: isProxysOwn(attrs)}
	if !s.IsKnown() && DBSystem(attrs) == "" {
		return statusOfErrorType(ErrorType(attrs))
	}
	return s
}

// statusOfErrorType is the status of an error.type that is one: clients put it there, and nowhere
// else where the answer itself could not be read.
func statusOfErrorType(errorType string) Status {
	if len(errorType) == 3 {
		if status, err := strconv.Atoi(errorType); err == nil && status >= 400 && status <= 599 {
			return Status{HTTP: status}
		}
	}
	if s := RPCStatus(errorType); s != OK && s.IsRegistered() {
		return Status{RPC: s}
	}
	return Status{}
}
