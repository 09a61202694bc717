package document_test

import (
	"archive/zip"
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/document"
)

// policy is what Chromium printed of a page with headings, a list and a table.
func policy(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/policy.pdf")
	require.NoError(t, err)
	return data
}

func TestPDFKeepsHeadingsListsAndRows(t *testing.T) {
	t.Parallel()
	d, err := document.Read("Policy v3.pdf", policy(t))
	require.NoError(t, err)
	require.Equal(t, document.PDF, d.Kind)
	require.Equal(t, "退换货政策", d.Title)
	require.Equal(t, `# 退换货政策

签收后 7 天内可以无理由退货，运费由我们承担。Free returns within 7 days of delivery.

## 怎么申请

1. 打开订单

2. 点“申请退货”

地区 | 时效

上海 | 1 天`, d.Text)
	require.False(t, d.Cut)
}

func pack(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range parts {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = w.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

const (
	wordStyles = `<w:styles xmlns:w="w"><w:style w:styleId="2"><w:name w:val="heading 1"/></w:style><w:style w:styleId="a"><w:name w:val="Normal"/></w:style></w:styles>`
	wordBody   = `<w:document xmlns:w="w"><w:body>
<w:p><w:pPr><w:pStyle w:val="2"/></w:pPr><w:r><w:t>配送</w:t></w:r><w:r><w:t>说明</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="a"/></w:pPr><w:r><w:t xml:space="preserve">上海 </w:t></w:r><w:r><w:t>次日达。</w:t><w:br/><w:t>偏远地区 3 天。</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>普通件</w:t></w:r></w:p>
<w:p><w:r><w:del><w:t>旧价 10 元</w:t></w:del><w:instrText>PAGE</w:instrText></w:r></w:p>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>重量|kg</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>运费</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>8 元</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
</w:body></w:document>`
)

func TestWordKeepsHeadingsListsAndTables(t *testing.T) {
	t.Parallel()
	d, err := document.Read("配送说明.docx", pack(t, map[string]string{"word/document.xml": wordBody, "word/styles.xml": wordStyles}))
	require.NoError(t, err)
	require.Equal(t, document.Word, d.Kind)
	require.Equal(t, "配送说明", d.Title)
	require.Equal(t, "# 配送说明\n\n上海 次日达。\n偏远地区 3 天。\n- 普通件\n\n| 重量\\|kg | 运费 |\n| --- | --- |\n| 1 | 8 元 |", d.Text)
}

func workbook(t testing.TB) []byte {
	t.Helper()
	f := excelize.NewFile()
	_, err := f.NewSheet("问答")
	require.NoError(t, err)
	for cell, value := range map[string]any{"A1": "问题", "B1": "回答", "A2": " 多久发货？ ", "B2": "48 小时内", "A4": "运费多少", "B4": 8, "D4": "备注"} {
		require.NoError(t, f.SetCellValue("问答", cell, value))
	}
	var b bytes.Buffer
	require.NoError(t, f.Write(&b))
	return b.Bytes()
}

func TestExcelGivesTheFirstSheetWithRows(t *testing.T) {
	t.Parallel()
	d, err := document.Read("faq.xlsx", workbook(t))
	require.NoError(t, err)
	require.Equal(t, document.Excel, d.Kind)
	require.Equal(t, [][]string{{"问题", "回答", "", ""}, {"多久发货？", "48 小时内", "", ""}, {"运费多少", "8", "", "备注"}}, d.Rows)
}

func TestTablesOfTextInEveryEncodingThatOfficesWrite(t *testing.T) {
	t.Parallel()
	const text = "问题;回答\n\"多行\n问题\";好的\n"
	gbk, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	require.NoError(t, err)
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(text))
	require.NoError(t, err)
	for name, data := range map[string][]byte{"utf-8": []byte(text), "with mark": []byte("\ufeff" + text), "gb 18030": gbk, "utf-16": wide} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := document.Read("x.csv", data)
			require.NoError(t, err)
			require.Equal(t, [][]string{{"问题", "回答"}, {"多行\n问题", "好的"}}, d.Rows)
		})
	}
}

func TestPageIsReadWithoutItsFrame(t *testing.T) {
	t.Parallel()
	d, err := document.Read("p.html", []byte(`<!DOCTYPE html><title>保修</title><nav>首页</nav><script>alert(1)</script>
<h2>保修期</h2><p>整机 <b>三年</b>。<img src=x onerror=alert(1)></p><ul><li>压缩机十年</ul><table><tr><th>部件<th>年<tr><td>电机<td>5</table><footer>备案号</footer>`))
	require.NoError(t, err)
	require.Equal(t, "保修", d.Title)
	require.Equal(t, "## 保修期\n\n整机 **三年**。\n\n- 压缩机十年\n\n| 部件 | 年 |\n|----|---|\n| 电机 | 5 |", d.Text)
}

func TestWhatCannotBeReadIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	pdf := policy(t)
	for name, c := range map[string]struct {
		file string
		data []byte
		kind desk.Kind
		says string
	}{
		"empty":            {"a.md", nil, desk.Invalid, "empty"},
		"too large":        {"a.md", make([]byte, document.MaxSize+1), desk.Invalid, "20 MiB"},
		"only white space": {"a.md", []byte(" \n\t\n"), desk.Invalid, "no text"},
		"old Word":         {"a.doc", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), desk.Unsupported, ".docx"},
		"picture":          {"a.md", []byte("\x89PNG\r\n\x1a\n\x00\x00"), desk.Unsupported, "Word, PDF"},
		"another archive":  {"a.docx", pack(t, map[string]string{"../../etc/passwd": "x"}), desk.Unsupported, "packed"},
		"broken archive":   {"a.docx", []byte("PK\x03\x04 and then nothing"), desk.Invalid, "damaged"},
		"broken Word":      {"a.docx", pack(t, map[string]string{"word/document.xml": "<w:p><w:t>half"}), desk.Invalid, "damaged"},
		"torn PDF":         {"a.pdf", pdf[:len(pdf)/2], desk.Invalid, "damaged"},
		"only the name":    {"a.xlsx", pack(t, map[string]string{"xl/workbook.xml": "<x/>"}), desk.Invalid, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := document.Read(c.file, c.data)
			require.ErrorIs(t, err, c.kind)
			require.Contains(t, desk.UserMessage(err), c.says)
		})
	}
}

func TestMoreThanTheBoundsIsCutAndSaid(t *testing.T) {
	t.Parallel()
	d, err := document.Read("a.txt", []byte(strings.Repeat("长", document.MaxText)))
	require.NoError(t, err)
	require.True(t, d.Cut)
	require.LessOrEqual(t, len(d.Text), document.MaxText)
	require.True(t, strings.HasSuffix(d.Text, "长"))
	d, err = document.Read("a.csv", []byte(strings.Repeat("q,a\n", document.MaxRows+10)))
	require.NoError(t, err)
	require.True(t, d.Cut)
	require.Len(t, d.Rows, document.MaxRows)
	bomb := pack(t, map[string]string{"word/document.xml": "<w:document><w:p><w:t>" + strings.Repeat("A", 8<<20) + "</w:t></w:p></w:document>"})
	require.Less(t, len(bomb), 100_000)
	d, err = document.Read("bomb.docx", bomb)
	require.NoError(t, err)
	require.True(t, d.Cut)
}

// What a file is called says nothing if its beginning says something else.
func TestBytesDecideAndNotTheName(t *testing.T) {
	t.Parallel()
	d, err := document.Read("holiday.jpg", policy(t))
	require.NoError(t, err)
	require.Equal(t, document.PDF, d.Kind)
	d, err = document.Read(`C:\faq\价格.txt`, []byte("<!doctype html><h1>价格</h1>"))
	require.NoError(t, err)
	require.Equal(t, document.HTML, d.Kind)
}

func FuzzRead(f *testing.F) {
	f.Add("a.pdf", policy(f))
	f.Add("a.xlsx", workbook(f))
	f.Add("a.docx", pack(f, map[string]string{"word/document.xml": wordBody, "word/styles.xml": wordStyles}))
	f.Add("a.html", []byte("<table><tr><td>a<td>b</table>"))
	f.Add("a.csv", []byte("a;b\n\"c"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if len(data) > 1<<20 {
			return // longer than worth the time
		}
		d, err := document.Read(name, data)
		if err != nil {
			require.NotEqual(t, desk.Internal, desk.KindOf(err))
			return
		}
		require.LessOrEqual(t, len(d.Text), document.MaxText)
		require.LessOrEqual(t, len(d.Rows), document.MaxRows)
	})
}
