package shopdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"
)

// maxMessage bounds what one client message may hold; the shop's are tiny.
const maxMessage = 1 << 20

// SQLSTATEs that the server itself answers with.
const (
	codeSyntax   = "42601"
	codeInternal = "XX000"
	codeProtocol = "08P01"
	codeCanceled = "57014"
)

// session is one client's connection. Statements are prepared and bound per connection.
type session struct {
	server   *Server
	id       uint32
	wire     *pgproto3.Backend
	prepared map[string]Statement
	bound    map[string]portal
	// skipping is set after an error in an extended query, until the client's Sync.
	skipping bool
}

type portal struct {
	statement Statement
	args      []string
}

func newSession(server *Server, conn net.Conn) *session {
	wire := pgproto3.NewBackend(conn, conn)
	wire.SetMaxBodyLen(maxMessage)
	return &session{
		server: server, id: server.nextID(), wire: wire,
		prepared: make(map[string]Statement), bound: make(map[string]portal),
	}
}

// serve answers until the client leaves, breaks the protocol, or the server closes.
func (s *session) serve() {
	if !s.start() {
		return
	}
	for {
		msg, err := s.wire.Receive()
		if err != nil {
			return
		}
		if !s.answer(msg) || s.wire.Flush() != nil {
			return
		}
	}
}

// start completes the start-up; false means that there is no session to serve.
func (s *session) start() bool {
	for {
		msg, err := s.wire.ReceiveStartupMessage()
		if err != nil {
			return false
		}
		switch msg := msg.(type) {
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			// Encryption is declined by any message that begins with N.
			s.wire.Send(&decline{})
			if s.wire.Flush() != nil {
				return false
			}
		case *pgproto3.StartupMessage:
			s.greet()
			return s.wire.Flush() == nil
		case *pgproto3.CancelRequest:
			s.server.cancel(msg.ProcessID)
			return false
		default:
			return false
		}
	}
}

func (s *session) greet() {
	s.wire.Send(&pgproto3.AuthenticationOk{})
	for _, p := range [][2]string{
		{"server_version", "16.0"}, {"client_encoding", "UTF8"}, {"standard_conforming_strings", "on"},
	} {
		s.wire.Send(&pgproto3.ParameterStatus{Name: p[0], Value: p[1]})
	}
	s.wire.Send(&pgproto3.BackendKeyData{ProcessID: s.id, SecretKey: make([]byte, 4)})
	s.ready()
}

func (s *session) ready() { s.wire.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'}) }

// answer handles one message; false ends the session.
func (s *session) answer(msg pgproto3.FrontendMessage) bool {
	switch msg := msg.(type) {
	case *pgproto3.Terminate:
		return false
	case *pgproto3.Sync:
		s.skipping = false
		s.ready()
		return true
	case *pgproto3.Query:
		s.simple(msg.String)
		s.ready()
		return true
	}
	if s.skipping {
		return true
	}
	if err := s.extended(msg); err != nil {
		s.fail(err)
		s.skipping = true
	}
	return true
}

// simple answers a query without parameters.
func (s *session) simple(sql string) {
	sql = strings.TrimSpace(sql)
	if sql == "" || strings.HasPrefix(sql, "--") {
		s.wire.Send(&pgproto3.EmptyQueryResponse{})
		return
	}
	st, err := s.find(sql)
	if err == nil && len(st.Columns) > 0 {
		s.wire.Send(describe(st))
	}
	if err == nil {
		err = s.run(portal{statement: st})
	}
	if err != nil {
		s.fail(err)
	}
}

func (s *session) extended(msg pgproto3.FrontendMessage) error {
	switch msg := msg.(type) {
	case *pgproto3.Parse:
		return s.parse(msg)
	case *pgproto3.Bind:
		return s.bind(msg)
	case *pgproto3.Describe:
		return s.describe(msg)
	case *pgproto3.Execute:
		p, ok := s.bound[msg.Portal]
		if !ok {
			return &Error{Code: codeProtocol, Message: "execute of a portal that was not bound"}
		}
		return s.run(p)
	case *pgproto3.Close:
		if msg.ObjectType == 'S' {
			delete(s.prepared, msg.Name)
		}
		s.wire.Send(&pgproto3.CloseComplete{})
		return nil
	case *pgproto3.Flush:
		return nil
	default:
		return &Error{Code: codeProtocol, Message: fmt.Sprintf("message %T is not supported", msg)}
	}
}

func (s *session) parse(msg *pgproto3.Parse) error {
	st, err := s.find(msg.Query)
	if err != nil {
		return err
	}
	s.prepared[msg.Name] = st
	s.wire.Send(&pgproto3.ParseComplete{})
	return nil
}

// bind keeps the arguments. All are text, whose binary and text forms are the same bytes.
func (s *session) bind(msg *pgproto3.Bind) error {
	st, ok := s.prepared[msg.PreparedStatement]
	if !ok || len(msg.Parameters) != st.Params {
		return &Error{Code: codeProtocol, Message: "bind does not fit a prepared statement"}
	}
	args := make([]string, len(msg.Parameters))
	for i, p := range msg.Parameters {
		args[i] = string(p)
	}
	s.bound[msg.DestinationPortal] = portal{statement: st, args: args}
	s.wire.Send(&pgproto3.BindComplete{})
	return nil
}

func (s *session) describe(msg *pgproto3.Describe) error {
	st, ok := s.prepared[msg.Name]
	if msg.ObjectType == 'P' {
		var p portal
		p, ok = s.bound[msg.Name]
		st = p.statement
	}
	if !ok {
		return &Error{Code: codeProtocol, Message: "describe of something unknown"}
	}
	if msg.ObjectType == 'S' {
		oids := slices.Repeat([]uint32{pgtype.TextOID}, st.Params)
		s.wire.Send(&pgproto3.ParameterDescription{ParameterOIDs: oids})
	}
	if len(st.Columns) == 0 {
		s.wire.Send(&pgproto3.NoData{})
		return nil
	}
	s.wire.Send(describe(st))
	return nil
}

func (s *session) find(sql string) (Statement, error) {
	st, ok := s.server.statements[strings.TrimSpace(sql)]
	if !ok {
		return Statement{}, &Error{Code: codeSyntax, Message: "the shop's database does not know this statement"}
	}
	return st, nil
}

func (s *session) run(p portal) error {
	rows, err := s.server.execute(s.id, p)
	if err != nil {
		return err
	}
	for _, row := range rows {
		values := make([][]byte, len(row))
		for i, v := range row {
			values[i] = []byte(v)
		}
		s.wire.Send(&pgproto3.DataRow{Values: values})
	}
	s.wire.Send(&pgproto3.CommandComplete{CommandTag: []byte(tag(p.statement, len(rows)))})
	return nil
}

func (s *session) fail(err error) {
	answer := &pgproto3.ErrorResponse{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: codeInternal, Message: err.Error()}
	var coded *Error
	switch {
	case errors.As(err, &coded):
		answer.Code, answer.Message = coded.Code, coded.Message
	case errors.Is(err, context.Canceled):
		answer.Code, answer.Message = codeCanceled, "canceling statement due to user request"
	}
	s.wire.Send(answer)
}

func describe(st Statement) *pgproto3.RowDescription {
	fields := make([]pgproto3.FieldDescription, len(st.Columns))
	for i, name := range st.Columns {
		fields[i] = pgproto3.FieldDescription{
			Name: []byte(name), DataTypeOID: pgtype.TextOID, DataTypeSize: -1, TypeModifier: -1,
		}
	}
	return &pgproto3.RowDescription{Fields: fields}
}

// tag is the command tag: the statement's first word and how many rows it touched.
func tag(st Statement, rows int) string {
	verb, _, _ := strings.Cut(strings.ToUpper(st.SQL), " ")
	switch verb {
	case "SELECT":
		return fmt.Sprintf("SELECT %d", rows)
	case "INSERT":
		return "INSERT 0 1"
	default:
		return verb
	}
}

// decline is the single byte that refuses an encrypted connection.
type decline struct{}

func (*decline) Backend()                          {}
func (*decline) Decode([]byte) error               { return errors.New("a server's message is never decoded here") }
func (*decline) Encode(dst []byte) ([]byte, error) { return append(dst, 'N'), nil }
