//! The short names by which people call an enterprise and its units, from the registered ones.
//!
//! In: a registered name, and the names of what it belongs to. Out: proposals, the likeliest first; none where
//! what is left would hit everywhere. Proposals only: the officer decides, and writes them into the config.

/// What the end of a registered name adds to what people call it.
const LEGAL_FORMS: [&str; 4] = ["股份有限公司", "有限责任公司", "有限公司", "公司"];

/// Provinces as names begin with them; with 省, 市 or 自治区 behind them or without.
const PROVINCES: [&str; 32] = [
    "北京",
    "天津",
    "上海",
    "重庆",
    "河北",
    "山西",
    "辽宁",
    "吉林",
    "黑龙江",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "海南",
    "四川",
    "贵州",
    "云南",
    "陕西",
    "甘肃",
    "青海",
    "内蒙古",
    "广西",
    "西藏",
    "宁夏",
    "新疆",
    "中国",
];

/// What is left of a name and names nothing: every enterprise has one.
const GENERIC: [&str; 20] = [
    "分公司",
    "子公司",
    "总公司",
    "煤矿",
    "电厂",
    "选煤厂",
    "洗煤厂",
    "矿业",
    "煤业",
    "能源",
    "集团",
    "物业公司",
    "运输公司",
    "运输分公司",
    "销售公司",
    "建筑公司",
    "供应公司",
    "机电公司",
    "职工医院",
    "医院",
];

/// Characters a short name must have: two alone (二矿) hit everywhere.
const LEAST_CHARS: usize = 3;

/// The name without its legal form.
#[must_use]
pub fn without_form(name: &str) -> &str {
    let stripped = LEGAL_FORMS.iter().find_map(|form| name.strip_suffix(form));
    stripped.filter(|rest| !rest.is_empty()).unwrap_or(name)
}

/// What people will call `name`, which belongs to those who go by `above` (full and short names).
#[must_use]
pub fn proposals(name: &str, above: &[&str]) -> Vec<String> {
    let base = without_form(name);
    let local = without_province(base);
    let mut found: Vec<String> = Vec::new();
    let own = [base, local].into_iter().find_map(|text| without_owner(text, above));
    match own {
        Some(own) => found.push(own.to_owned()),
        None => found.extend([base, local].map(str::to_owned)),
    }
    let shorter: Vec<String> = found
        .iter()
        .filter_map(|text| match text.strip_suffix("煤矿") {
            Some(root) => Some(format!("{root}矿")),
            None => text.strip_suffix("集团").map(str::to_owned),
        })
        .collect();
    found.extend(shorter);
    let mut seen = std::collections::HashSet::new();
    found.retain(|text| {
        text != name
            && text.chars().count() >= LEAST_CHARS
            && !GENERIC.contains(&text.as_str())
            && seen.insert(text.clone())
    });
    found
}

/// 山西甲集团 → 甲集团, 山西省甲集团 too.
fn without_province(base: &str) -> &str {
    let Some(rest) = PROVINCES.iter().find_map(|province| base.strip_prefix(province)) else {
        return base;
    };
    ["省", "市", "自治区"].iter().find_map(|end| rest.strip_prefix(end)).unwrap_or(rest)
}

/// What a unit is called without its owner before it, if it carries it: the longest of the owner's names goes.
fn without_owner<'n>(text: &'n str, above: &[&str]) -> Option<&'n str> {
    let mut owners: Vec<&str> = above
        .iter()
        .flat_map(|name| {
            let base = without_form(name);
            let local = without_province(base);
            [*name, base, local, local.strip_suffix("集团").unwrap_or(local)]
        })
        .filter(|name| !name.is_empty())
        .collect();
    owners.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let own = owners.iter().find_map(|owner| text.strip_prefix(owner))?;
    Some(own.strip_prefix("集团").unwrap_or(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, above: &[&str], expected: &[&str]) {
        assert_eq!(proposals(name, above), expected, "{name}");
    }

    #[test]
    fn names_are_cut_as_people_cut_them() {
        let group = ["青岚集团有限公司", "青岚集团"];
        check("山西青岚集团乙沟煤业有限责任公司", &group, &["乙沟煤业"]);
        check("青岚集团丙沟煤矿", &group, &["丙沟煤矿", "丙沟矿"]);
        check("青岚集团二矿", &group, &[]);
        check("青岚集团有限公司运输分公司", &group, &[]);
        check(
            "山西云岭矿业集团有限责任公司",
            &[],
            &["山西云岭矿业集团", "云岭矿业集团", "山西云岭矿业", "云岭矿业"],
        );
        check("云岭矿业", &[], &[]);
    }
}
