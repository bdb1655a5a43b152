package otlpscan

import "sync"

// scan is the state that the walks of both encodings share. It is reused: only a request that is cut
// allocates.
type scan struct {
	body   []byte
	pos    int
	limits *Limits
	edits  edits

	subjects []subject // that the walk is in: a metric and its point at most
	groups   int
	records  int
	size     int64 // of the decoded request
	cut      [limitCount]int
	dropped  int

	protobuf []protobufFrame
	json     []jsonFrame
}

// subject is a record, resource, scope or metric that the walk is in, and what it has used of the
// limits.
type subject struct {
	frame   int // its place on the stack
	role    role
	edits   int   // how many there were before it
	size    int64 // of the decoded request before it
	used    [limitCount]int
	said    [limitCount]uint64 // how many events and links it says were dropped
	removed [limitCount]uint64 // how many were removed
	cut     LimitSet
}

// attributes counts those of one message.
type attributes struct {
	used          int
	said, removed uint64
}

var scans = sync.Pool{New: func() any { return new(scan) }}

func newScan(body []byte, l *Limits) *scan {
	s := scans.Get().(*scan)
	*s = scan{body: body, limits: l, subjects: s.subjects[:0], protobuf: s.protobuf[:0], json: s.json[:0]}
	return s
}

// release lets the scan be reused.
func (s *scan) release() {
	s.body, s.limits, s.edits = nil, nil, nil
	scans.Put(s)
}

// result makes the changes that the walk has found necessary.
func (s *scan) result() (Result, error) {
	if s.size > s.limits.DecodedBytes {
		return Result{}, &TooLargeError{What: "decoded_bytes", Max: s.limits.DecodedBytes}
	}
	return Result{
		Body:         s.edits.apply(s.body),
		Records:      s.records,
		DecodedBytes: s.size,
		Cut:          s.cut,
		Dropped:      s.dropped,
	}, nil
}

// groupsPerRecord is how many resources, scopes and metrics there may be for each of Limits.Records:
// one of each, as some gateways write.
const groupsPerRecord = 3

// countGroup counts a record, or what records are grouped by, against the request's limit.
func (s *scan) countGroup(r role) error {
	if r == record {
		s.records++
	} else {
		s.groups++
	}
	if s.records > s.limits.Records || s.groups > groupsPerRecord*s.limits.Records {
		return &TooLargeError{What: "records", Max: int64(s.limits.Records)}
	}
	return nil
}

// limitOf returns the limit of a repeated field with the role, and how many there may be.
func (s *scan) limitOf(r role) (Limit, int) {
	switch r {
	case event:
		return Events, s.limits.Events
	case link:
		return Links, s.limits.Events
	default:
		return Elements, s.limits.Elements
	}
}

// exceeds counts n of a repeated field of the subject, and reports whether they are too many.
func (s *scan) exceeds(r role, n int) bool {
	if len(s.subjects) == 0 {
		return false
	}
	l, most := s.limitOf(r)
	subject := &s.subjects[len(s.subjects)-1]
	subject.used[l] += n
	return subject.used[l] > most
}

// remove counts what is left out of the subject for a limit.
func (s *scan) remove(l Limit, n uint64) {
	if len(s.subjects) > 0 {
		s.subjects[len(s.subjects)-1].removed[l] += n
	}
	s.mark(l)
}

// mark notes that the subject was cut.
func (s *scan) mark(l Limit) {
	if n := len(s.subjects); n > 0 {
		s.subjects[n-1].cut.Add(l)
	} else {
		s.cut[l]++ // the schema URL of a group
	}
}

// enterSubject begins a record, resource, scope or metric; frame is its place on the stack.
func (s *scan) enterSubject(r role, frame int) {
	s.subjects = append(s.subjects, subject{frame: frame, role: r, edits: len(s.edits), size: s.size})
}

// leaveSubject ends the subject of the given frame, if there is one, and returns it if it was cut.
func (s *scan) leaveSubject(frame int) *subject {
	n := len(s.subjects) - 1
	if n < 0 || s.subjects[n].frame != frame {
		return nil
	}
	left := &s.subjects[n]
	s.subjects = s.subjects[:n]
	if left.cut == 0 {
		return nil
	}
	for _, l := range AllLimits() {
		if left.cut.Has(l) {
			s.cut[l]++
		}
	}
	return left
}

// worthCutting reports whether the subject's edits, and the request's, are few enough.
func (s *scan) worthCutting() bool {
	n := len(s.subjects)
	return len(s.edits) <= maxRequestEdits && (n == 0 || len(s.edits)-s.subjects[n-1].edits <= maxRecordEdits)
}

// abandonSubject forgets the subject and its edits: it is not cut but dropped, or emptied if it is an
// owner.
func (s *scan) abandonSubject() subject {
	n := len(s.subjects) - 1
	abandoned := s.subjects[n]
	s.subjects = s.subjects[:n]
	s.edits, s.size = s.edits[:abandoned.edits], abandoned.size
	if abandoned.role == record {
		s.records--
		s.dropped++
	}
	return abandoned
}
