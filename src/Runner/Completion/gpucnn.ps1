# Completion of gpucnn for PowerShell.
Register-ArgumentCompleter -Native -CommandName gpucnn -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString().PadRight($cursorPosition)
    & $commandAst.CommandElements[0].Value "[suggest:$cursorPosition]" $line 2>$null | ForEach-Object {
        $text, $description = $_ -split "`t", 2
        if (-not $description) { $description = $text }
        $inserted = if ($text -match '[\s''"`$]') { "'" + $text.Replace("'", "''") + "'" } else { $text }
        [System.Management.Automation.CompletionResult]::new($inserted, $text, 'ParameterValue', $description)
    }
}
