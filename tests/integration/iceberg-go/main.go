// A second engine for tests: changes a table of a warehouse by iceberg-go's
// Hadoop catalog.
//
//	iceberg-go WAREHOUSE TABLE rename OLD NEW
//	iceberg-go WAREHOUSE TABLE add NAME
//	iceberg-go WAREHOUSE TABLE append COLUMN=VALUE...  (the first row, changed)
//	iceberg-go WAREHOUSE TABLE tag NAME
//	iceberg-go WAREHOUSE TABLE set PROPERTY VALUE
//	iceberg-go WAREHOUSE TABLE read COLUMN...          (JSON, an array a row)
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog/hadoop"
	"github.com/apache/iceberg-go/table"
)

func texts(kind arrow.DataType, value string) (arrow.Array, error) {
	builder := array.NewBuilder(memory.DefaultAllocator, kind)
	defer builder.Release()
	if err := builder.AppendValueFromString(value); err != nil {
		return nil, err
	}
	return builder.NewArray(), nil
}

// The table's first row with the columns in changes replaced.
func changedRow(ctx context.Context, tbl *table.Table, changes []string) (arrow.RecordBatch, error) {
	rows, err := tbl.Scan().ToArrowTable(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Release()
	reader := array.NewTableReader(rows, 1)
	defer reader.Release()
	if !reader.Next() {
		return nil, fmt.Errorf("no rows")
	}
	row := reader.RecordBatch()
	for _, change := range changes {
		name, value, _ := strings.Cut(change, "=")
		index := row.Schema().FieldIndices(name)
		if len(index) != 1 {
			return nil, fmt.Errorf("no column %s", name)
		}
		column, err := texts(row.Column(index[0]).DataType(), value)
		if err != nil {
			return nil, err
		}
		if row, err = row.SetColumn(index[0], column); err != nil {
			return nil, err
		}
	}
	row.Retain()
	return row, nil
}

func appendRow(ctx context.Context, tbl *table.Table, changes []string) error {
	row, err := changedRow(ctx, tbl, changes)
	if err != nil {
		return err
	}
	defer row.Release()
	reader, err := array.NewRecordReader(row.Schema(), []arrow.RecordBatch{row})
	if err != nil {
		return err
	}
	defer reader.Release()
	_, err = tbl.Append(ctx, reader, nil)
	return err
}

func read(ctx context.Context, tbl *table.Table, columns []string) error {
	rows, err := tbl.Scan(table.WithSelectedFields(columns...)).ToArrowTable(ctx)
	if err != nil {
		return err
	}
	defer rows.Release()
	reader := array.NewTableReader(rows, 0)
	defer reader.Release()
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			values := []any{}
			for _, name := range columns {
				at := batch.Schema().FieldIndices(name)[0]
				values = append(values, batch.Column(at).GetOneForMarshal(row))
			}
			line, err := json.Marshal(values)
			if err != nil {
				return err
			}
			fmt.Println(string(line))
		}
	}
	return nil
}

func run(ctx context.Context, warehouse, name, command string, words []string) error {
	catalog, err := hadoop.NewCatalog("test", warehouse, nil)
	if err != nil {
		return err
	}
	ident := table.Identifier{"quantum_features", name}
	tbl, err := catalog.LoadTable(ctx, ident)
	if err != nil {
		return err
	}
	txn := tbl.NewTransaction()
	switch command {
	case "rename":
		err = txn.UpdateSchema(true, false).RenameColumn(words[:1], words[1]).Commit()
	case "add":
		err = txn.UpdateSchema(true, false).
			AddColumn(words[:1], iceberg.PrimitiveTypes.String, "", false, nil).Commit()
	case "set":
		err = txn.SetProperties(iceberg.Properties{words[0]: words[1]})
	case "append":
		return appendRow(ctx, tbl, words)
	case "read":
		return read(ctx, tbl, words)
	case "tag":
		_, _, err = catalog.CommitTable(ctx, ident, nil, []table.Update{
			table.NewSetSnapshotRefUpdate(words[0], tbl.CurrentSnapshot().SnapshotID, table.TagRef, 0, 0, 0)})
		return err
	default:
		return fmt.Errorf("no command %s", command)
	}
	if err == nil {
		_, err = txn.Commit(ctx)
	}
	return err
}

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: iceberg-go WAREHOUSE TABLE COMMAND WORD...")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, "iceberg-go:", err)
		os.Exit(1)
	}
}
