package semconv

// DBSystem returns the name of the database or cache that a call asks.
func DBSystem[A Attributes](attrs A) string { return firstStr(attrs, keyDBSystem, keyDBSystemOld) }

// DBNamespace returns the database or schema that a call asks.
func DBNamespace[A Attributes](attrs A) string { return firstStr(attrs, keyDBNamespace, keyDBNameOld) }

// DBOperation returns the command that a call gives, such as SELECT.
func DBOperation[A Attributes](attrs A) string {
	return firstStr(attrs, keyDBOperation, keyDBOperationOld)
}

// DBCollection returns the table or collection that a call asks.
func DBCollection[A Attributes](attrs A) string {
	return firstStr(attrs, keyDBCollection, keyDBTableOld)
}

// DBStatus returns the code with which a database answered, in its own numbering.
func DBStatus[A Attributes](attrs A) string { return attrs.Str(keyDBStatus) }

// SQLState returns the SQLSTATE that a client recorded apart from DBStatus, "" where it has not
// the five characters of one.
func SQLState[A Attributes](attrs A) string {
	if state := firstStr(attrs, keySQLStatePgx, keySQLStateOfPG, keySQLState); len(state) == 5 {
		return state
	}
	return ""
}
