"""Which set of letters the bytes of a text of a few words are in, as likely as that can be told.

Each set gives the bytes a text, and each text is as likely as its letters are in its language: the
likeliest wins. Of long texts statistics tell more (`ingest.charsets`). Shares of letters are those
of running text; of the thousands of characters of East Asia the most used are listed.
"""

from __future__ import annotations

import math
import re
from functools import cache
from itertools import islice, pairwise

from ingest.common_letters import CHINESE, KOREAN
from ingest.hebrew import is_hebrew
from ingest.latin_letters import SIGNS

MOST_BYTES = 200  # beyond ASCII, of a text that is taken for a short one
JAPANESE = frozenset(
    "日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川"
    "千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨会同事自社発者地業方新場員立開手力問代明動京目"
    "通言理体田主題意不作用度強公持野以思家世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台"
    "広住無真有口少町料工建空急止送切転研足究楽起着店病質待試族銀早映親験英医仕去味写字答夜音注帰古歌買悪図"
    "週室歩風紙黒花春赤青館屋色走秋夏習駅洋旅服曜飲肉鳥飯冬昼茶牛魚犬漢議民連対部合市内相定回選米実関決全表"
    "戦経最現調化当約首法性的要制治務成期取都和機平加受続進数記初指権支産点報済活原共得解交資予向際勝面告反判"
    "認参利組信在件側任引求所次昨論官増係感情投示変打直両式確果容必演歳争談能位置流格過局放常状職与供役構割身"
    "費付由説難優収断石違消神番規術備宅害配警育席訪残想声助労例然限追商葉伝働形落好退負渡失差末守種美命福望非"
    "観察段深申様財港識達良程満値光路科積処太客師登易速存号単座除完降責危給具因馬未適込類余返薬険船途許便留精"
    "散静幸押払徒遅居更刻遠願越互束列探到御誤洗礼窓箱寒株主総契書効製油請求納令区阪"
)
# Beside those of `CHINESE`, in simplified writing and in traditional.
SIMPLIFIED = CHINESE | frozenset(
    "通知谢报价单数据发票货交热收据广州右边按南京路葡萄酒恕退室额合同副本随寄效至底联系品防启动油检查雨关窗安戴套源清洁"
    "京城省县区村街号楼店厂院校馆站场园河湖海岛桥铁飞车票证件表格册卡包箱袋瓶杯碗刀灯床桌椅门墙板纸笔书报刊录音像图片"
    "资金款费税利率润购买卖销售商业务贸易客户顾供应求需产制造设计研究技术科程项目建施管理组织部处局司企规章制度法律权责"
    "职员任务岗位薪酬培训考核评估审批准则标志质检验测试运输送达配备库存储量重型号码编排版印刷复印传真邮箱址网络软硬盘屏"
    "幕键鼠器械仪具材料钢铜铝银石土木塑胶玻璃布丝棉衣服鞋帽食饮茶咖啡糖盐米面肉鱼鸡鸭鹅牛羊猪果菜药医疗病症护士康健保险"
    "春夏秋冬早晚午夜昨周季节假期休息旅游宾双红黄蓝绿黑白色温度冷暖湿干快慢轻远近宽窄厚薄软深浅新旧错易难"
    "爱情朋友妻儿孩父母兄弟姐妹爷奶叔伯李张刘陈杨赵黄吴徐孙胡朱林何郭罗梁宋郑韩唐冯"
)
TRADITIONAL = CHINESE | frozenset(
    "通知謝報價單數據發票貨交熱收據廣州右邊按南京路葡萄酒恕退室額合約副本隨寄效至底聯絡品防啟動油檢查雨關窗安戴套源清潔"
    "城省縣區村街號樓店廠院校館站場園河湖海島橋鐵飛車證件表格冊卡包箱袋瓶杯碗刀燈床桌椅門牆板紙筆書刊錄音像圖片"
    "資金款費稅利率潤購買賣銷售商業務貿易客戶顧供應求需產製造設計研究技術科程項目建施管理組織部處局司企規章制度法律權責"
    "職員任務崗位薪酬培訓考核評估審批準則標誌質驗測試運輸送達配備庫存儲量重型碼編排版印刷複傳真郵址網路軟硬碟螢"
    "幕鍵滑鼠器械儀具材料鋼銅鋁銀石土木塑膠玻璃布絲棉衣服鞋帽食飲茶咖啡糖鹽米麵肉魚雞鴨鵝牛羊豬果菜藥醫療病症護士康健保險"
    "春夏秋冬早晚午夜昨週季節假期休息旅遊賓雙紅黃藍綠黑白色溫度冷暖濕乾快慢輕遠近寬窄厚薄深淺新舊錯難"
    "愛情朋友妻兒孩父母兄弟姐妹爺奶叔伯李張劉陳楊趙黃吳徐孫胡朱林何郭羅梁宋鄭韓唐馮臺灣銀計畫電腦"
)
_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґ"
_GREEK = "αοιετσνηυρπκμλςωδγχθφβξζψ"
_ACCENTED = str.maketrans("άέήίόύώϊϋΐΰ", "αεηιουωιυιυ")
_ARABIC = "اليمنورتبعدسفهكقحجذشطصخضزغثظأةىإءئؤآ"
_HEBREW = "ויהלאמרתבשנעכדקחפםצטגזסןךףץ"
_THAI = "านรอกเงมยลวดทสตะปบคหแจพชขใไโผซถศณธ่้ิีัุู็์ึ"
_ALPHABETS = (
    ("cp1251", _RUSSIAN),
    ("koi8_r", _RUSSIAN),
    ("koi8_u", _RUSSIAN),
    ("cp866", _RUSSIAN),
    ("iso8859_5", _RUSSIAN),
    ("cp1253", _GREEK),
    ("iso8859_7", _GREEK),
    ("cp1256", _ARABIC),
    ("cp1255", _HEBREW),
    ("cp874", _THAI),
)
_HARD = 0.5  # by which a set that is seldom seen must be likelier, in logarithms
_FALL = 0.11  # by which each letter of an alphabet is rarer than the one before it
_ACCENT, _ALIEN, _MIXED, _CAPITAL, _AMIDST = -1.5, -9.0, -5.0, -1.5, -4.0
_LATIN = -5.0  # a letter with an accent
_PLAIN = -4.0  # a character of ASCII, in any set
_SIGN = -6.0
_EAST = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
_MARKS = frozenset("、。，．・：；？！「」『』（）《》〈〉【】　ー…～々")
_KANA = range(0x3041, 0x30FB)
_HALF_KANA = range(0xFF61, 0xFFA0)
_WORD = re.compile(r"[^\W\d_]+")
_RUN = re.compile(r"[^\x00-\x7f]+")
_TWO = re.compile(rb"[\x80-\xff]{2}|[\x81-\x9f\xe0-\xfc][\x40-\x7e](?=[\x80-\xff])")
_JOINED = re.compile(  # what is beyond ASCII in words that are not, by all of a few letters
    rb"[A-Za-z][\x80-\xff]{1,3}(?![\x80-\xff])|(?<![\x80-\xff])[\x80-\xff]{1,3}[A-Za-z]"
)
_AROUND = re.compile(rb"(?:[\x21-\x7e]{0,20}+[\x80-\xff]++)+[\x21-\x7e]{0,20}")
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MAX_JOINED = 0.5  # of the bytes beyond ASCII, for a text to be in another script than Latin
_SELDOM = frozenset({"koi8_r", "koi8_u", "cp866", "iso8859_5", "iso8859_7"})
_QUOTES = frozenset("“”„‘’‚«»–—…€°™®©·\xa0")
_IN_ROWS = _QUOTES | frozenset("§†‡")
_LATIN_WORD = re.compile(r"(?<![^\s(])[a-z]{2,}(?=[\s.,;:!?)]|\Z)")
_ENOUGH_WORDS = 3  # beside which a letter alone, like "à", is one of the same script
_ALONE = frozenset(SIGNS + "£¥¿¡§†‡µ±²³¼¾ªº")
_LONGEST_ACCENTED = 3  # letters beyond ASCII in a row, in a word with others


def is_plain_latin(content: bytes) -> bool:
    """Whether what is beyond ASCII in a text stands as it does in Windows-1252, and only there."""
    text = content.decode("cp1252", errors="replace")
    joined = alone = 0
    for found in _RUN.finditer(text):
        run = found[0]
        around = (
            text[max(found.start() - 1, 0) : found.start()] + text[found.end() : found.end() + 1]
        )
        if any(map(str.isalpha, run)):
            if len(run) > 1 and not (any(map(str.isalpha, around)) and _is_accented(run)):
                return False
            joined += any(map(str.isalpha, around))
            alone += not any(map(str.isalpha, around))
        elif not (len(run) == 1 and run in _ALONE) and not _IN_ROWS.issuperset(run):
            return False
    if not alone or joined:
        return True
    words = islice(_LATIN_WORD.finditer(text), _ENOUGH_WORDS)
    return sum(1 for _ in words) == _ENOUGH_WORDS


def _is_accented(run: str) -> bool:
    letters = "".join(each for each in run if each not in _QUOTES)
    falls = any(before.islower() and after.isupper() for before, after in pairwise(letters))
    return letters.isalpha() and len(letters) <= _LONGEST_ACCENTED and not falls


def short_encoding(sample: bytes) -> str:
    """The likeliest set of a text of few words that is not in Latin letters; empty if it may be."""
    if is_plain_latin(sample) or not _TWO.search(sample):
        return ""
    sample = b" ".join(_AROUND.findall(sample))
    beyond = len(sample.translate(None, bytes(range(128))))
    joined = sum(len(found[0].strip(_LETTERS)) for found in _JOINED.finditer(sample))
    is_joined = joined > MAX_JOINED * beyond
    alphabets = () if is_joined else _ALPHABETS
    likely = {encoding: _in_alphabet(sample, encoding, each) for encoding, each in alphabets}
    for place, encoding in enumerate(_EAST):
        likely[encoding] = _in_east(sample, encoding) - _HARD * place / len(_EAST)
    for encoding in likely.keys() & _SELDOM:
        likely[encoding] -= _HARD
    if not is_hebrew(sample):
        likely.pop("cp1255", None)
    best = max(likely, key=lambda encoding: likely[encoding])
    latin = _PLAIN * (len(sample) - beyond) + _LATIN * beyond if is_joined else _in_latin(sample)
    return best if likely[best] > latin else ""


@cache
def _shares(alphabet: str) -> dict[str, float]:
    """The logarithm of the share of each letter, of which the first is the most used."""
    weights = [math.exp(-_FALL * place) for place in range(len(alphabet))]
    whole = sum(weights)
    return {
        letter: math.log(weight / whole) for letter, weight in zip(alphabet, weights, strict=True)
    }


def _in_alphabet(sample: bytes, encoding: str, alphabet: str) -> float:
    text = sample.decode(encoding, errors="replace")
    shares = _shares(alphabet)
    score = 0.0
    for letter in text:
        if letter.isascii():
            score += _PLAIN
            continue
        low = letter.lower()
        accent = _ACCENT * (low.translate(_ACCENTED) != low)
        usual = _SIGN if letter in _QUOTES or letter in "№،؟" else _ALIEN
        score += shares.get(low.translate(_ACCENTED), usual) + accent
    return score + sum(_shape(found[0]) for found in _WORD.finditer(text))


def _shape(word: str) -> float:
    """What a word loses for letters of two scripts, and for capitals; most for those amidst it."""
    if word.isascii():
        return 0.0
    mixed = _MIXED * any(map(str.isascii, word))
    if word.isupper():
        return mixed + _CAPITAL * 2
    amidst = sum(after.isupper() for after in word[1:])
    return mixed + _CAPITAL * word[0].isupper() + _AMIDST * amidst


def _in_east(sample: bytes, encoding: str) -> float:
    text = sample.decode(encoding, errors="replace")
    usual = {"gb18030": SIMPLIFIED, "big5": TRADITIONAL, "cp949": KOREAN}.get(encoding, JAPANESE)
    return sum(_of_east(letter, encoding, usual) for letter in text)


def _of_east(letter: str, encoding: str, usual: frozenset[str]) -> float:
    if letter.isascii():
        return _PLAIN
    if letter in usual:
        return -6.8
    if ord(letter) in _KANA:
        return -5.2 if usual is JAPANESE else -11.0
    if letter in _MARKS:
        return -6.0
    if ord(letter) in _HALF_KANA:
        return -7.0
    first = letter.encode(encoding, "replace")[0]
    last = {"cp932": 0x97, "euc_jp": 0xCF, "gb18030": 0xD7, "big5": 0xC6, "cp949": 0xC8}[encoding]
    is_known = letter != "\ufffd" and len(letter.encode(encoding, "replace")) == 2
    return -9.5 if is_known and first <= last and letter.isalpha() else -14.0


def _in_latin(sample: bytes) -> float:
    text = sample.decode("cp1252", errors="replace")
    score = sum(_PLAIN if each.isascii() else _LATIN if each.isalpha() else -7.0 for each in text)
    runs = sum(len(found[0]) - 1 for found in _RUN.finditer(text))
    return score - 2.0 * runs + sum(_shape_latin(found[0]) for found in _WORD.finditer(text))


def _shape_latin(word: str) -> float:
    return 0.0 if word.isupper() else _AMIDST * sum(map(str.isupper, word[1:]))
