package document

import (
	"bytes"
	"errors"

	"github.com/xuri/excelize/v2"

	"yingda.dev/internal/desk"
)

// readExcel reads the first sheet that holds something.
func readExcel(data []byte, doc *Document) (err error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnpack, UnzipXMLSizeLimit: maxPart})
	if errors.Is(err, excelize.ErrWorkbookFileFormat) || errors.Is(err, excelize.ErrWorkbookPassword) {
		return &desk.Error{Kind: desk.Invalid, Op: op, Msg: "the workbook is locked by a password; save it without one", Err: err}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	t := sheet{doc: doc}
	for _, name := range f.GetSheetList() {
		if err := readSheet(f, name, &t); err != nil {
			return err
		}
		if len(doc.Rows) > 0 {
			break
		}
	}
	t.finish()
	return nil
}

func readSheet(f *excelize.File, name string, t *sheet) (err error) {
	rows, err := f.Rows(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() && !t.full() {
		cells, err := rows.Columns()
		if err != nil {
			return err
		}
		t.add(cells)
	}
	return rows.Error()
}
