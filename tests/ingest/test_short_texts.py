"""Texts of a few words in old sets of letters: most are read rightly, and each guess is told."""

from __future__ import annotations

import time

import pytest

from ingest.loaders.text import decode, note_on_encoding
from ingest.short_texts import is_plain_latin, short_encoding

JAPANESE = (
    "東京|会議室|売上高|日本銀行|令和六年度|お知らせ|ありがとう|データ|コンピュータ|"
    "株主総会|議事録|東京都港区|見積書|請求書|納期|山田太郎|よろしくお願いします|"
    "本日の会議は中止です|価格は五千円です|売上は前年より増加しました|"
    "新しい工場を大阪に建設する|担当者は鈴木さんです|会議は月曜日に開かれます|"
    "利益は三億円だった|契約書の写しを送付します|有効期限は三月末日です|"
    "ご質問がありましたらご連絡ください|この製品は防水ではありません|"
    "エンジンを始動する前に油を確認する|雨の日は窓を閉めてください|"
    "安全のため手袋を着用すること|電源を切ってから掃除する|新幹線|大阪府|野菜と果物|"
    "図書館は九時に開きます|猫が二匹います|エレベーター|冷蔵庫の温度|京都大学医学部|"
    "返品はできません|六月十五日|領収証|子供用自転車|重量は12キロです|ソフトウェア更新|"
    "雪が降った|右側のボタンを押す|名古屋駅前|保証期間は一年です|水曜定休|輸出入|ワイン|"
    "熱い|火災報知器|事業計画|さようなら"
)
CHINESE = (
    "北京|会议室|销售额|中国银行|二零二四年度|通知|谢谢|数据|计算机|股东大会|会议记录|"
    "上海市浦东新区|报价单|发票|交货期|王小明|请多关照|今天的会议取消了|价格是五千元|"
    "销售额比去年增加了|公司在广州建了新工厂|负责人是李先生|会议在星期一举行|"
    "利润为三亿元|合同副本随信寄出|有效期至三月底|如有问题请与我们联系|本产品不防水|"
    "启动发动机前请检查机油|下雨天请关好窗户|为了安全请戴手套|关闭电源后再清洁|广州|手机|"
    "蔬菜和水果|图书馆九点开门|两只猫|电梯|冰箱温度|复旦大学医学院|恕不退货|六月十五日|"
    "收据|儿童自行车|重量是12公斤|软件更新|下雪了|按右边的按钮|南京路|保修期一年|"
    "星期三休息|进出口|葡萄酒|热|火灾报警器|经营计划|再见"
)
TAIWANESE = (
    "台北|會議室|銷售額|臺灣銀行|民國一一三年度|通知|謝謝|資料|電腦|股東大會|會議記錄|"
    "高雄市前鎮區|報價單|發票|交貨期|王小明|請多指教|今天的會議取消了|價格是五千元|"
    "銷售額比去年增加了|公司在台中建了新工廠|負責人是李先生|會議在星期一舉行|"
    "利潤為三億元|合約副本隨信寄出|有效期至三月底|如有問題請與我們聯絡|本產品不防水|"
    "啟動引擎前請檢查機油|下雨天請關好窗戶|為了安全請戴手套|關閉電源後再清潔|臺中|手機|"
    "蔬菜和水果|圖書館九點開門|兩隻貓|電梯|冰箱溫度|臺灣大學醫學院|恕不退貨|六月十五日|"
    "收據|兒童腳踏車|重量是12公斤|軟體更新|下雪了|按右邊的按鈕|中山路|保固期一年|"
    "星期三休息|進出口|葡萄酒|熱|火災警報器|經營計畫|再見"
)
RUSSIAN = (
    "Москва|Привет|да|Договор|счёт|Отчёт за год|Годовой отчёт|Общее собрание акционеров|"
    "Цена 500 рублей|выручка выросла|ДОГОВОР ПОДРЯДА|Иван Петров|Заявление|"
    "не более 5 суток|Срок действия до марта|Руководство по эксплуатации|"
    "в порту сорок лодок|Паром ходит зимой|Завод выпускает машины|"
    "Прибыль составила 3 млн|он и она|Директор завода ушёл|"
    "Здравствуйте, уважаемый клиент|Проверьте масло перед запуском|Закройте окно в дождь|"
    "На работе надевайте перчатки|Отключите питание|Windows и GPU|Версия 5|"
    "Спасибо за покупку|Это изделие не водостойкое|Казань|телефон|овощи и фрукты|"
    "Библиотека открыта с 9|две кошки|Лифт|Температура холодильника|МГУ|Возврата нет|"
    "15 июня|квитанция|Детский велосипед|Вес 12 кг|обновление программ|Идёт снег|"
    "Нажмите правую кнопку|Невский проспект|Гарантия один год|выходной|импорт|Вино|жара|"
    "пожар|бизнес-план|Пока"
)
GREEK = (
    "Αθήνα|Καλημέρα|ναι|Σύμβαση|λογαριασμός|Ετήσια έκθεση|Γενική συνέλευση|Τιμή 500 ευρώ|"
    "τα έσοδα αυξήθηκαν|ΣΥΜΒΑΣΗ ΕΡΓΟΥ|Γιάννης Παπαδόπουλος|Αίτηση|έως 5 ημέρες|"
    "Ισχύει έως τον Μάρτιο|Οδηγίες χρήσης|στο λιμάνι σαράντα βάρκες|"
    "Το πλοίο πηγαίνει τον χειμώνα|Το εργοστάσιο παράγει μηχανές|Το κέρδος ήταν 3 εκατ.|"
    "αυτός και αυτή|Ο διευθυντής έφυγε|Αγαπητέ πελάτη|Ελέγξτε το λάδι πριν την εκκίνηση|"
    "Κλείστε το παράθυρο στη βροχή|Φοράτε γάντια στην εργασία|Κλείστε το ρεύμα|"
    "Windows και GPU|Έκδοση 5|Αρ. 12 της 3ης Μαΐου|Ευχαριστούμε για την αγορά|"
    "Το προϊόν δεν είναι αδιάβροχο|Θεσσαλονίκη|Πάτρα|τηλέφωνο|φρούτα και λαχανικά|"
    "Η βιβλιοθήκη ανοίγει στις 9|δύο γάτες|Ασανσέρ|Θερμοκρασία ψυγείου|ΕΜΠ|"
    "Χωρίς επιστροφές|15 Ιουνίου|απόδειξη|Παιδικό ποδήλατο|Βάρος 12 κιλά|"
    "ενημέρωση λογισμικού|Χιονίζει|Πατήστε το δεξί κουμπί|οδός Ερμού|Εγγύηση ενός έτους|"
    "αργία|εισαγωγές|Κρασί|ζέστη|φωτιά|σχέδιο|Αντίο"
)
ARABIC = (
    "القاهرة|مرحبا|نعم|عقد|فاتورة|التقرير السنوي|الجمعية العامة|السعر 500 دينار|"
    "ارتفعت الإيرادات|عقد عمل|محمد علي|طلب|خمسة أيام على الأكثر|صالح حتى مارس|"
    "دليل الاستخدام|في الميناء أربعون قاربا|تبحر العبارة في الشتاء|المصنع ينتج الآلات|"
    "بلغ الربح 3 ملايين|هو وهي|غادر المدير|عزيزي العميل|افحص الزيت قبل التشغيل|"
    "أغلق النافذة عند المطر|ارتد القفازات أثناء العمل|افصل التيار|نظام Windows و GPU|"
    "الإصدار 5|رقم 12 في 3 مايو|شكرا لكم|هذا المنتج غير مقاوم للماء|الإسكندرية|دمشق|هاتف|"
    "خضار وفواكه|تفتح المكتبة في التاسعة|قطتان|مصعد|درجة حرارة الثلاجة|جامعة القاهرة|"
    "لا يمكن الإرجاع|15 يونيو|إيصال|دراجة أطفال|الوزن 12 كغ|تحديث البرنامج|يهطل الثلج|"
    "اضغط الزر الأيمن|شارع النيل|ضمان لمدة سنة|عطلة|استيراد|تمر|حار|حريق|خطة العمل|وداعا"
)
WESTERN = (
    "5 €|500 €|Prix : 12 € l'unité|cœur|œuvre d'art|main-d'œuvre|le bœuf coûte 7 €|"
    "Preis 19,90 € für Käufer|Größe|Kosten: 3 € pro Stück|Été|à Paris|L'œil du maître|"
    "10 € à 20 €|Zürich 40 €|un vœu|la sœur de Zoé|Škoda|Hääl ja tšekk|Tšehhi|garaaž|"
    "Ainsi, l'hiver dure|précio: 5 €|año 2020|ação de 3 €|Ÿ|€ 45,00|€ 1.200 für Köln|"
    "EUR ou € ?|manœuvre|nœud|Loyer : 850 €|sœurs|Œdipe|chœur|œufs 3 €|Miete 700 €|žena|"
    "Hinta 5 €|à 9 €|coût : 9,50 €|18 € TTC|Noël 25 €|pašteet|€ 9|bœufs|un œil|œuf|"
    "99 €/an|fœtus|2 € + 3 €|Gebühr 8 €|cœurs d'été|Prêt de 900 €|garçon|tarif réduit"
)
LATIN = (
    "Größe und Café|Straße|Köln|Zürich|für 5 €|20 °C|Übung macht den Meister|Ärger|ÄRGER|"
    "Ö|à|é|naïve|Il va à Paris|Þór|Ångström|å|§ 5|© 2020|½ l|Älykäs työyö|l’été|Señor|"
    "¿Qué?|ação|“quoted”|a – b|Søren Kierkegaard|öä|5 µm|£7|Ürün"
)


@pytest.mark.parametrize(
    ("texts", "encoding", "least"),
    [
        (JAPANESE, "shift_jis", 1.0),
        (JAPANESE, "euc_jp", 1.0),
        (CHINESE, "gb18030", 0.92),
        (TAIWANESE, "big5", 0.94),
        (RUSSIAN, "koi8-r", 0.94),
        (RUSSIAN, "cp1251", 0.94),
        (GREEK, "cp1253", 0.96),
        (ARABIC, "cp1256", 1.0),
        (WESTERN, "iso8859-15", 0.9),
        (LATIN, "cp1252", 0.96),
    ],
)
def test_short_texts_are_mostly_read_rightly_and_no_wrong_guess_is_kept_quiet(
    texts: str, encoding: str, least: float
) -> None:
    said = texts.split("|")
    contents = [text.encode(encoding) for text in said]
    wrong = [text for text, each in zip(said, contents, strict=True) if decode(each) != text]
    quiet = [text for text in wrong if not note_on_encoding(text.encode(encoding))]

    assert len(said) - len(wrong) >= least * len(said)
    assert [text for text in quiet if text != "谢谢"] == []  # which is UTF-8 as well: "лл"


@pytest.mark.parametrize("text", [it for it in LATIN.split("|") if it not in "Ö à é å öä"][:-1])
def test_nothing_is_said_of_usual_letters_where_they_usually_stand(text: str) -> None:
    alone = text == "Il va à Paris"  # in Russian, it would be "а"

    assert bool(note_on_encoding(text.encode("cp1252"))) is alone
    assert is_plain_latin(text.encode("cp1252")) is not alone


def test_a_letter_alone_among_words_is_of_their_script() -> None:
    assert not note_on_encoding("Le port ne dit rien à ce sujet.".encode("cp1252"))
    assert note_on_encoding("Windows и GPU".encode("cp1251"))
    assert decode("see §§ 4 and 5†".encode("cp1252")) == "see §§ 4 and 5†"


def test_a_guess_names_the_set() -> None:
    assert "it is read as cp1251." in note_on_encoding("да".encode("cp1251"))
    assert "it is read as iso8859-15." in note_on_encoding("5 €".encode("iso8859-15"))
    assert "it is read as utf-16-be." in note_on_encoding("按右边的按钮".encode("gb18030"))


def test_a_word_that_is_utf_8_by_chance_is_read_in_its_set() -> None:
    assert decode("通知".encode("gb18030")) == "通知"
    for text in ("и\u0306", "e\u0301", "λ", "נָ", "ก็"):
        assert decode(text.encode()) == text


def test_signs_stay_signs_where_no_letter_or_price_makes_them_others() -> None:
    for text in ("½ l", "2½ cups", "Köln ¤", "¨", "Name ¸"):
        assert decode(text.encode("cp1252")) == text


def test_few_letters_in_a_long_line_are_told_in_time() -> None:
    start = time.perf_counter()
    for filling in ("a" * 60_000, "a " * 30_000, "ящик стоит " * 5):
        line = f"{filling} привет {filling}".encode("cp1251")
        assert "cp1251" in note_on_encoding(line)
    many = "é a " * 200_000
    assert not note_on_encoding(many.encode("cp1252"))
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "content", [b"", b"abc", b"\xff", b"\x81\x8d", b"\xff" * 150, b"\x80 \x81a"]
)
def test_any_short_bytes_have_a_set_or_none(content: bytes) -> None:
    assert isinstance(short_encoding(content), str)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *(("회의실", it) for it in ("cp949", "euc_kr")),
        ("매출액은 삼억 원입니다", "cp949"),
        ("ประชุมวันจันทร์", "cp874"),
        ("הדוח השנתי", "cp1255"),
        *(("Їжак і кіт", it) for it in ("cp1251", "koi8_u")),
        ("Отчёт за год", "cp866"),
        ("Отчёт за год", "iso8859_5"),
        ("Ετήσια έκθεση", "iso8859_7"),
    ],
)
def test_seldom_sets_are_found_in_a_few_words(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text
    assert note_on_encoding(text.encode(encoding))
